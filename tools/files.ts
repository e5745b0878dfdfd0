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

/** File system operations for changes of private files. Tests simulate a failure or a kill at each of them. */
export interface FileSystem {
  /** Reads a file; undefined if it does not exist. */
  read(path: string): string | undefined;
  /** Creates a new file and syncs it to disk. On a full disk, a truncated file remains. */
  create(path: string, content: string, mode: number): void;
  /** Replaces the target atomically and syncs the folder. */
  rename(from: string, to: string): void;
  /** Removes a file or a folder. Does nothing if it does not exist. */
  remove(path: string): void;
  /** Lists the names in a folder, sorted. Empty if it does not exist. */
  list(folder: string): string[];
  makeFolder(path: string): void;
  /** Mode of a file; undefined if it does not exist. */
  mode(path: string): number | undefined;
  /** Resolves a symbolic link, even if its target does not exist yet. */
  resolve(path: string): string;
}

export const DISK: FileSystem = {
  read: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
  create(path, content, mode) {
    const file = openSync(path, "wx", mode);
    try {
      // The umask must neither widen nor restrict who can read a secret.
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

/** Syncs a folder, which makes a rename durable. */
function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } catch {
    // Some file systems cannot sync a folder; the rename is still atomic.
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Replaces a file atomically: after a crash or on a full disk it has its old or its new content. Follows a symbolic
 * link.
 * @param mode of a new file; an existing file keeps its mode
 * @default 0o600
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

/** Path beside a file for its next content. Keeps the extension, from which Pulumi determines the format. */
export function draftOf(path: string): string {
  const name = basename(path);
  return join(dirname(path), `.${randomBytes(6).toString("hex")}.draft.${name}`);
}

/** Removes drafts of a file that killed commands left behind. Call only while no other command writes the file. */
export function removeDrafts(path: string, disk: FileSystem = DISK): void {
  const target = disk.resolve(path);
  const pattern = new RegExp(String.raw`^\.[0-9a-f]{12}\.draft\.`);
  for (const name of disk.list(dirname(target))) {
    if (pattern.test(name) && name.endsWith(`.draft.${basename(target)}`)) {
      disk.remove(join(dirname(target), name));
    }
  }
}
