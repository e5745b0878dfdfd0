import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { tryFlock } from "../../tools/flock";
import { Failure, usage } from "../support/failure";

/** A dump in its folder. Only complete dumps get a name that is listed. */
export interface ArchivedDump {
  readonly file: string;
  /**
   * Sequence number, incremented with every dump of a datastore, so that the order of dumps does not depend on the
   * clock.
   */
  readonly sequence: number;
  /** Time of the dump by the local clock: `20261121T020000Z`. */
  readonly stamp: string;
  readonly encrypted: boolean;
}

/**
 * Name prefix of a file that is being written, with a random rest, and of a file that holds a sequence number while a
 * dump gets its name. Both are created exclusively, so two writers never share one.
 */
const PART = ".part-";
const CHECKSUM = ".sha256";
const ENCRYPTED = ".age";

/**
 * Lists the complete dumps of a datastore, oldest first. Dumps without a sequence number, from earlier versions, come
 * first, by their time.
 */
export async function dumpsIn(folder: string, name: string): Promise<ArchivedDump[]> {
  const found = (await filesIn(folder)).flatMap((file) => parseName(file, name) ?? []);
  return found.sort(
    (a, b) => a.sequence - b.sequence || compare(a.stamp, b.stamp) || compare(a.file, b.file),
  );
}

function parseName(file: string, name: string): ArchivedDump | undefined {
  if (!file.startsWith(`${name}-`)) {
    return undefined;
  }
  const match = /^(?:(\d{6,})-)?(\d{8}T\d{6}Z)(?:-[0-9A-Za-z]+)?\.(?:dump|rdb)(\.age)?$/.exec(
    file.slice(name.length + 1),
  );
  const [, sequence = "0", stamp = "", encrypted] = match ?? [];
  return match ? { file, sequence: Number(sequence), stamp, encrypted: encrypted !== undefined } : undefined;
}

export interface NewDump {
  /** Prefix of the file's name. */
  readonly name: string;
  readonly extension: string;
  readonly encrypted: boolean;
}

/**
 * Writes a dump under a temporary name, syncs it to disk, reads it back and compares it. Only then renames it and
 * writes its checksum beside it.
 * @param write produces the bytes; fails if they are incomplete
 * @throws Failure if the disk is full; then no file remains
 */
export async function archive(
  folder: string,
  { name, extension, encrypted }: NewDump,
  write: (sink: (bytes: AsyncIterable<Uint8Array>) => Promise<void>) => Promise<void>,
): Promise<ArchivedDump & { readonly bytes: number }> {
  const part = join(folder, `${PART}${randomBytes(12).toString("hex")}`);
  let claimed: string | undefined;
  let locked: FileHandle | undefined;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(part, "wx", 0o600);
    // Open, and so locked, until the file has its name: another command deletes parts without a lock.
    locked = handle;
    lockPart(handle);
    const hash = createHash("sha256");
    await write((bytes) => writeAll(handle, bytes, hash));
    await handle.sync();
    const sum = hash.digest("hex");
    if ((await checksumOf(part)) !== sum) {
      throw new Failure(`${folder}: the disk does not hold what was written to it; check the disk`);
    }
    const file = await claim(folder, name, `${extension}${encrypted ? ENCRYPTED : ""}`, sum);
    claimed = join(folder, `${file}${CHECKSUM}`);
    await rename(part, join(folder, file));
    claimed = undefined;
    await syncFolder(folder);
    const made = parseName(file, name);
    if (!made) {
      throw new Error(`internal: ${file} is not the name of a dump`);
    }
    return { ...made, bytes: (await stat(join(folder, file))).size };
  } catch (error) {
    throw inWords(error, folder);
  } finally {
    // What it holds has been synced and read back.
    await locked?.close().catch(() => undefined);
    await rm(part, { force: true }).catch(() => undefined);
    if (claimed !== undefined) {
      await rm(claimed, { force: true }).catch(() => undefined);
    }
  }
}

async function writeAll(
  handle: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): Promise<void> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) {
      at += (await handle.write(chunk, at)).bytesWritten;
    }
  }
}

/**
 * Takes the next sequence number and writes the checksum file of the dump that gets it. A number is held by a file that
 * only one writer can create, whatever the time in the name, so that two stacks with one folder never share a number.
 * @returns the dump's name
 */
async function claim(folder: string, name: string, ending: string, sum: string): Promise<string> {
  for (let sequence = (await lastSequence(folder, name)) + 1; ; sequence += 1) {
    const held = join(folder, `${PART}${name}-${numbered(sequence)}`);
    if (!(await createIfAbsent(held))) {
      continue;
    }
    try {
      // The number may have been used and released since the folder was listed.
      const last = await lastSequence(folder, name);
      if (last >= sequence) {
        sequence = last;
        continue;
      }
      const stamp = new Date().toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
      const file = `${name}-${numbered(sequence)}-${stamp}.${ending}`;
      await writeChecksum(join(folder, `${file}${CHECKSUM}`), `${sum}  ${file}\n`);
      return file;
    } finally {
      await rm(held, { force: true });
    }
  }
}

const numbered = (sequence: number): string => String(sequence).padStart(6, "0");

/** @returns whether this call created the file */
async function createIfAbsent(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      return false;
    }
    throw error;
  }
}

async function writeChecksum(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function lastSequence(folder: string, name: string): Promise<number> {
  const names = (await filesIn(folder)).map((file) => parseName(file.replace(/\.sha256$/, ""), name));
  return Math.max(0, ...names.map((one) => one?.sequence ?? 0));
}

/** Deletes all dumps but the newest. Orders them by sequence number, so clock changes have no effect. */
export async function prune(folder: string, name: string, keep: number): Promise<string[]> {
  const old = (await dumpsIn(folder, name)).slice(0, -Math.max(1, keep));
  for (const { file } of old) {
    await rm(join(folder, file), { force: true });
    await rm(join(folder, `${file}${CHECKSUM}`), { force: true });
  }
  return old.map(({ file }) => file);
}

/** Age after which an unfinished dump counts as abandoned on a file system without locks. */
const STALE_MS = 24 * 60 * 60 * 1000;
/** Time in which a writer locks a part that it has created. */
const CREATED_MS = 10_000;

/** Marks a part as being written, until its writer has closed it or ended. */
function lockPart({ fd }: FileHandle): void {
  try {
    tryFlock(fd);
  } catch {
    // Without locks, only the age of a part says that it is abandoned.
  }
}

/** Deletes the files of killed writers. Keeps those of writers that run, which may belong to a command of another stack. */
export async function removeParts(folder: string): Promise<void> {
  for (const file of (await filesIn(folder)).filter((one) => one.startsWith(PART))) {
    const path = join(folder, file);
    if (await isAbandoned(path)) {
      await rm(path, { force: true });
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) {
    return false; // Removed meanwhile, or another user's.
  }
  try {
    const age = Date.now() - (await handle.stat()).mtimeMs;
    return age > CREATED_MS && tryFlock(handle.fd);
  } catch {
    return Date.now() - (await handle.stat()).mtimeMs > STALE_MS;
  } finally {
    await handle.close();
  }
}

/** Compares a dump with its checksum. @throws Failure if they differ @returns whether a checksum exists */
export async function verifyChecksum(folder: string, file: string): Promise<boolean> {
  const path = join(folder, file);
  const written = await readFile(`${path}${CHECKSUM}`, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") {
      return undefined;
    }
    throw inWords(error, folder);
  });
  if (written === undefined) {
    return false;
  }
  const expected = /^[0-9a-f]{64}/.exec(written)?.[0];
  const actual = await checksumOf(path).catch((error: unknown) => {
    throw inWords(error, folder);
  });
  if (expected !== actual) {
    throw usage(
      `${path}: expected the checksum in ${file}${CHECKSUM}, got another one: the dump is damaged or incomplete; ` +
        "fix: restore another dump with --file",
    );
  }
  return true;
}

export async function checksumOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      return [];
    }
    throw inWords(error, folder);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function inWords(error: unknown, folder: string): unknown {
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new Failure(
        `${folder}: no space left; nothing of this dump was kept\n` +
          "fix: free space there, keep fewer dumps (--keep), or choose another folder (--to)",
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Failure(`${folder}: not readable or not writable: ${(error as Error).message}`);
    default:
      return error;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
