import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

// Modes are set after creation, because the umask (often 027 or 077) restricts the mode given at creation.

/** Creates a folder that only its owner can enter, including its parents. */
export function makePrivateFolder(folder: string): void {
  if (!existsSync(folder)) {
    makePrivateFolder(dirname(folder));
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o700);
  }
}

/** Writes a new file and syncs it to disk. Its directory entry is durable after `syncFolder`. */
export function writeNewFile(file: string, content: string | Uint8Array, mode: number): void {
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(file, mode);
}

/** Creates a file atomically. Does nothing if the file exists or another process creates it at the same time. */
export function createFile(file: string, content: string | Uint8Array, mode = 0o600): void {
  const draft = `${file}.${process.pid}.tmp`;
  rmSync(draft, { force: true });
  writeNewFile(draft, content, mode);
  try {
    linkSync(draft, file);
    syncFolder(dirname(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Syncs a folder's directory entries to disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
