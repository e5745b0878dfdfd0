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

/** Timeout for a lock. A start takes seconds; a longer hold means that the process hangs. */
const PATIENCE_SECONDS = 180;
const POLL_MILLISECONDS = 50;
/** Shared by all users of this machine regardless of TMPDIR, because they share the Docker daemon. */
const FOLDER = "/tmp/longshore-volumes";

/**
 * Runs work while no other process of this machine, of any user, works on the same volumes. The kernel holds the lock
 * until this process and every child that inherits the descriptors passed to `work` have ended.
 *
 * @throws UserError if another process holds a lock for three minutes
 */
export async function withVolumeLocks<T>(
  volumes: readonly string[],
  work: (descriptors: readonly number[]) => Promise<T>,
): Promise<T> {
  const held: number[] = [];
  try {
    // Sorted, so that two processes cannot deadlock.
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

/**
 * Opens a lock file, or creates it. Locking needs no write permission; Linux denies O_CREAT on another user's file in
 * /tmp (protected_regular).
 */
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

/** Whether the descriptor still refers to the file. False if a cleaner of /tmp removed the file between open and lock. */
function isSameFile(descriptor: number, file: string): boolean {
  return fstatSync(descriptor).ino === statSync(file, { throwIfNoEntry: false })?.ino;
}
