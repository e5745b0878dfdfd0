import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** Who holds the lock of a stack in a file backend. */
export interface Lock {
  readonly file: string;
  readonly pid: number;
  readonly hostname: string;
  readonly username: string;
  readonly since: string;
}

/** Folder of the file backend below its root, as the engine lays it out. */
const locksFolder = (state: string, project: string, stack: string) =>
  join(state, ".pulumi", "locks", "organization", project, stack);

export function locksOf(state: string, project: string, stack: string): Lock[] {
  const folder = locksFolder(state, project, stack);
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const lock = parseLock(join(folder, name));
      return lock ? [lock] : [];
    });
}

function parseLock(file: string): Lock | undefined {
  try {
    const {
      pid,
      hostname: host,
      username,
      timestamp,
    } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return typeof pid === "number" && typeof host === "string"
      ? { file, pid, hostname: host, username: String(username), since: String(timestamp) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Dead: on this machine no engine has the number any more. A lock of another machine is never called dead. */
export function isDead(lock: Lock, isEngine: (pid: number) => boolean = isPulumi): boolean {
  return lock.hostname === hostname() && !isEngine(lock.pid);
}

/** A number can be given to another process, so its name counts too. */
function isPulumi(pid: number): boolean {
  try {
    return execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }).includes("pulumi");
  } catch {
    return existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, "utf8").includes("pulumi");
  }
}

/** Takes the locks of dead engines away and returns them. */
export function removeDeadLocks(state: string, project: string, stack: string): Lock[] {
  const dead = locksOf(state, project, stack).filter((lock) => isDead(lock));
  for (const { file } of dead) {
    rmSync(file, { force: true });
    rmSync(`${file}.attrs`, { force: true });
  }
  return dead;
}

/** Operations that were under way when an engine ended without a word. Empty when there is no state yet. */
export function pendingOperations(
  state: string,
  project: string,
  stack: string,
): { urn: string; type: string }[] {
  const file = join(state, ".pulumi", "stacks", project, `${stack}.json`);
  if (!existsSync(file)) {
    return [];
  }
  const content = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint?: { latest?: { pending_operations?: { resource: { urn: string }; type: string }[] } };
  };
  return (content.checkpoint?.latest?.pending_operations ?? []).map(({ resource, type }) => ({
    urn: resource.urn,
    type,
  }));
}

export function hasState(state: string, project: string, stack: string): boolean {
  return existsSync(join(state, ".pulumi", "stacks", project, `${stack}.json`));
}
