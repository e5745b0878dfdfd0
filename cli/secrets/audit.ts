import { closeSync, constants, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { dataDir } from "../../tools/paths";

/** An access to a secret's value. The value is not part of it. */
export interface AuditEntry {
  readonly action: "secrets show" | "secrets show --clipboard";
  readonly stack: string;
  /** As `system.name`. */
  readonly secret: string;
  readonly generation: number;
}

export function auditFile(folder = dataDir()): string {
  return join(folder, "audit.jsonl");
}

/**
 * Appends a JSON line to the audit log, with time, user, uid and host. Flushed before it returns, so that no value is
 * shown without its line.
 * @throws NodeJS.ErrnoException if the line cannot be written
 */
export function audit(entry: AuditEntry, folder = dataDir(), now = new Date()): void {
  const file = auditFile(folder);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const line = { time: now.toISOString(), ...caller(), host: hostname(), ...entry };
  // O_APPEND: concurrent commands do not overwrite each other's lines.
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    // Unlike writeSync, this writes all of it or throws.
    writeFileSync(descriptor, `${JSON.stringify(line)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function caller(): { readonly user?: string; readonly uid?: number; readonly sudoUser?: string } {
  const uid = process.getuid?.();
  const sudoUser = process.env["SUDO_USER"];
  return { ...userName(), ...(uid !== undefined && { uid }), ...(sudoUser !== undefined && { sudoUser }) };
}

function userName(): { readonly user?: string } {
  try {
    return { user: userInfo().username };
  } catch {
    // The user of a container may have no entry in /etc/passwd.
    return {};
  }
}
