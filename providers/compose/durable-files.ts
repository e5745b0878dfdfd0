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

// Modes are set after the file exists: the umask (027 and 077 are common) only applies when it is made.

/** Makes a folder that only its owner may enter, with its parents. */
export function makePrivateFolder(folder: string): void {
  if (!existsSync(folder)) {
    makePrivateFolder(dirname(folder));
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o700);
  }
}

/** Writes a new file and waits until the disk has it. Its name lasts once `syncFolder` has run. */
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

/** Makes a file as a whole, unless it exists or another process makes it at the same time. */
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

/** Waits until the disk has the names of a folder's files. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
