import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";

/** The operations of a file system that a change of private files consists of. Tests fail or stop at each of them. */
export interface FileSystem {
  /** Content of a file; undefined when there is none. */
  read(path: string): string | undefined;
  /** Writes a file that does not exist yet and flushes it to the disk. A full disk leaves a truncated file. */
  create(path: string, content: string, mode: number): void;
  /** Replaces the target atomically and flushes the folder. */
  rename(from: string, to: string): void;
  /** Removes a file or a folder; one that is missing is no error. */
  remove(path: string): void;
  /** Names in a folder, sorted; none when it does not exist. */
  list(folder: string): string[];
  makeFolder(path: string): void;
  /** Mode of a file; undefined when there is none. */
  mode(path: string): number | undefined;
  /** The file that a link leads to, also when that file does not exist yet. */
  resolve(path: string): string;
}

export const DISK: FileSystem = {
  read: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
  create(path, content, mode) {
    const file = openSync(path, "wx", mode);
    try {
      // The umask must not decide who can read a secret, nor who cannot.
      fchmodSync(file, mode);
      const bytes = Buffer.from(content);
      for (let at = 0; at < bytes.length;) {
        at += writeSync(file, bytes, at);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename(from, to) {
    renameSync(from, to);
    flushFolder(dirname(to));
  },
  remove(path) {
    rmSync(path, { recursive: true, force: true });
  },
  list: (folder) => (existsSync(folder) ? readdirSync(folder).sort() : []),
  makeFolder(path) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  },
  mode: (path) => statSync(path, { throwIfNoEntry: false })?.mode,
  resolve(path) {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    return entry?.isSymbolicLink() && existsSync(path) ? realpathSync(path) : path;
  },
};

/** A rename is durable once the folder is on the disk. */
function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } catch {
    // Some file systems cannot flush a folder; the rename is atomic all the same.
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Replaces a file as a whole: after a crash or on a full disk it has its old or its new content, never a part. A link is
 * followed. @param mode of a new file; an existing file keeps its own @default 0o600
 */
export function replaceFile(
  path: string,
  content: string,
  { mode = 0o600, disk = DISK }: { readonly mode?: number; readonly disk?: FileSystem } = {},
): void {
  const target = disk.resolve(path);
  const draft = draftOf(target);
  try {
    disk.create(draft, content, (disk.mode(target) ?? mode) & 0o777);
    disk.rename(draft, target);
  } catch (error) {
    disk.remove(draft);
    throw error;
  }
}

/** A name beside a file for its next content. The extension stays: Pulumi reads the format from it. */
export function draftOf(path: string): string {
  const name = basename(path);
  return join(dirname(path), `.${randomBytes(6).toString("hex")}.draft.${name}`);
}

/** Removes drafts of a file that killed commands left behind. Call it only while no other command writes the file. */
export function removeDrafts(path: string, disk: FileSystem = DISK): void {
  const target = disk.resolve(path);
  const pattern = new RegExp(String.raw`^\.[0-9a-f]{12}\.draft\.`);
  for (const name of disk.list(dirname(target))) {
    if (pattern.test(name) && name.endsWith(`.draft.${basename(target)}`)) {
      disk.remove(join(dirname(target), name));
    }
  }
}
