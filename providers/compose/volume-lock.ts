import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryFlock } from "../../tools/flock";
import { UserError } from "./errors";
import { Stopwatch } from "./stopwatch";

/** A start takes seconds; more is a process that hangs. */
const PATIENCE_SECONDS = 180;
const POLL_MILLISECONDS = 50;
/** One for all users of this machine, whatever their TMPDIR: they share the Docker daemon. */
const FOLDER = "/tmp/longshore-volumes";

/**
 * Runs work while no other process of this machine works on the same volumes, whoever its user is. The kernel holds
 * the lock: it ends with this process and with every child that inherits the descriptors given to `work`.
 *
 * @throws UserError when another process holds a lock for three minutes
 */
export async function withVolumeLocks<T>(
  volumes: readonly string[],
  work: (descriptors: readonly number[]) => Promise<T>,
): Promise<T> {
  const held: number[] = [];
  try {
    // In one order everywhere, so that two processes cannot wait for each other.
    for (const volume of [...new Set(volumes)].sort()) {
      held.push(await acquire(volume));
    }
    return await work(held);
  } finally {
    held.forEach((descriptor) => {
      closeSync(descriptor);
    });
  }
}

async function acquire(volume: string): Promise<number> {
  const file = lockFile(volume);
  const stopwatch = new Stopwatch();
  for (;;) {
    const descriptor = openLock(file);
    if (tryFlock(descriptor) && isSameFile(descriptor, file)) {
      return descriptor;
    }
    closeSync(descriptor);
    if (stopwatch.seconds() >= PATIENCE_SECONDS) {
      throw new UserError(
        `another process has been starting a container on volume ${volume} for ${PATIENCE_SECONDS} s; end it, then run the command again`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function lockFile(volume: string): string {
  return join(FOLDER, createHash("sha256").update(volume).digest("hex").slice(0, 32));
}

function openLock(file: string): number {
  try {
    return openOrCreate(file);
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(
      `${FOLDER}: expected a folder that every user of this machine may write to, got: ${message}`,
    );
  }
}

/** Locking needs no right to write; Linux refuses to create where another user's file exists (protected_regular). */
function openOrCreate(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw error;
    }
  }
  if (mkdirSync(FOLDER, { recursive: true }) !== undefined) {
    chmodSync(FOLDER, 0o1777);
  }
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL, 0o444);
    fchmodSync(descriptor, 0o444);
    return descriptor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return openOrCreate(file);
    }
    throw error;
  }
}

/** Not so when a cleaner of /tmp removed the file between opening and locking. */
function isSameFile(descriptor: number, file: string): boolean {
  return fstatSync(descriptor).ino === statSync(file, { throwIfNoEntry: false })?.ino;
}
