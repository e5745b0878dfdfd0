import { constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { dataDir } from "./paths";
import { identityOf, type ProcessIdentity } from "./process-identity";

/** Holder of a stack's lock, as recorded in the lock file. */
export interface LockHolder extends ProcessIdentity {
  /** Such as `longshore up` or `pulumi, run by hand`. */
  readonly command: string;
  readonly host: string;
  readonly user: string;
  /** ISO time. */
  readonly since: string;
  /** Random token. A child process that receives it from its parent runs under the parent's lock. */
  readonly token: string;
}

/** `<stack>:<token>` of each lock of a command, for the processes that it starts and that run under its locks. */
export const LOCK_VARIABLE = "LONGSHORE_STACK_LOCK";

export function lockFile(stack: string, folder = dataDir()): string {
  return join(folder, "locks", `${stack}.lock`);
}

export function openLock(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
}

/** Returns the recorded holder. Undefined if the lock was never held, or its holder is not recorded yet. */
export function readHolder(file: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as LockHolder;
    return typeof holder.pid === "number" && typeof holder.command === "string" ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Records this process as the holder of an open lock file. */
export function writeHolder(descriptor: number, command: string): LockHolder {
  const holder: LockHolder = {
    command,
    ...identityOf(),
    host: hostname(),
    user: userName(),
    since: new Date().toISOString(),
    token: randomBytes(16).toString("hex"),
  };
  unlessDiskIsFull(() => {
    ftruncateSync(descriptor);
    writeSync(descriptor, `${JSON.stringify(holder)}\n`, 0);
  });
  return holder;
}

/** Describes a holder: `longshore up (process 812 of ada on laptop, since 2026-11-30T09:12:44Z)` */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) {
    return "another longshore command";
  }
  const { command, pid, user, host, since } = holder;
  return `${command} (process ${pid} of ${user} on ${host}, since ${since})`;
}

/** Token of a stack's lock that the process which started this one has passed on. */
export function passedToken(stack: string): string | undefined {
  const entry = process.env[LOCK_VARIABLE]?.split(",").find((one) => one.startsWith(`${stack}:`));
  return entry?.slice(stack.length + 1);
}

/**
 * Writes lock information, and ignores a full disk. The information is optional, and `down` must be able to run and
 * free space.
 */
export function unlessDiskIsFull(write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOSPC" && code !== "EDQUOT") {
      throw error;
    }
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user of a container may have no entry in /etc/passwd.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}
