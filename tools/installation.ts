import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { MissingTool } from "./missing";
import { dataDir } from "./paths";

/** Identity of a data folder. Its objects on a Docker daemon carry the id. */
export interface Installation {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Suffix of its Compose project names: empty, or `-` and six hexadecimal digits. */
  readonly suffix: string;
}

const NAME = "installation.json";

/**
 * Reads the identity of the data folder. Undefined before the first command that changes something.
 * @throws MissingTool
 */
export function readInstallation(env: NodeJS.ProcessEnv = process.env): Installation | undefined {
  const file = join(dataDir(env), NAME);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  const parsed = parse(text);
  if (!parsed) {
    throw new MissingTool(
      `${file}: expected an id and a suffix, got something else; fix: put the file back from a backup, or remove it ` +
        "(then take the running systems over with: bin/longshore recover)",
    );
  }
  return parsed;
}

function parse(text: string): Installation | undefined {
  try {
    const { id, suffix } = JSON.parse(text) as Record<string, unknown>;
    return typeof id === "string" &&
      /^[0-9a-f]{32}$/.test(id) &&
      typeof suffix === "string" &&
      /^(-[0-9a-f]{6})?$/.test(suffix)
      ? { id, suffix }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the identity of the data folder, or creates it on the first call. Created atomically with mode 0600;
 * concurrent commands get the same one.
 * @throws MissingTool if the folder belongs to another user
 */
export function ensureInstallation(env: NodeJS.ProcessEnv = process.env): Installation {
  const folder = dataDir(env);
  requireOwnFolder(folder);
  const known = readInstallation(env);
  if (known) {
    return known;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = randomBytes(16).toString("hex");
  const created: Installation = { id, suffix: suffixOf(env) ?? `-${id.slice(0, 6)}` };
  createOnce(join(folder, NAME), `${JSON.stringify(created, null, 2)}\n`);
  // Another command may have created it first.
  return readInstallation(env) ?? created;
}

/**
 * Rejects a folder of another user. With `sudo`, root's files in a user's folder would lock that user out of the
 * state.
 */
function requireOwnFolder(folder: string): void {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  const user = process.geteuid?.();
  if (owner !== undefined && user !== undefined && owner !== user) {
    throw new MissingTool(
      `${folder}: expected a folder of the user ${nameOf(user)}, got one of the user ${nameOf(owner)}; ` +
        `fix: run the command as ${nameOf(owner)} (without sudo), or set XDG_DATA_HOME to a folder of ${nameOf(user)}`,
    );
  }
}

function nameOf(uid: number): string {
  try {
    const { uid: own, username } = userInfo();
    if (own === uid) {
      return username;
    }
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? String(uid);
  } catch {
    return String(uid);
  }
}

/** Creates a file atomically. Does not change an existing file. */
function createOnce(file: string, content: string): void {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const descriptor = openSync(draft, "wx", 0o600);
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") {
      // The file system has no hard links.
      copyExclusively(draft, file);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function copyExclusively(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
}

/**
 * Suffix of project names that does not follow from the id. For a folder named by XDG_DATA_HOME: a hash of its path.
 * For a folder that an earlier version used: that version's suffix, so that its volumes stay in use. Undefined for a
 * new folder in the default location.
 */
export function suffixOf(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = dataDir(env);
  const hash = `-${createHash("sha256").update(folder).digest("hex").slice(0, 6)}`;
  const { XDG_DATA_HOME: _, ...usual } = env;
  const isUsual = folder === dataDir(usual);
  const projects = namesIn(join(folder, "projects"));
  if (projects.length > 0) {
    // The same folder can be the default one on the host and one named by XDG_DATA_HOME in a container.
    return projects.every((name) => name.endsWith(hash)) ? hash : "";
  }
  if (!isUsual) {
    return hash;
  }
  return isUsedByEarlierVersion(folder) ? "" : undefined;
}

/** Whether a version without identities has deployed from this folder. */
export function isUsedByEarlierVersion(folder: string): boolean {
  return (
    existsSync(join(folder, "state", ".pulumi", "stacks")) || namesIn(join(folder, "projects")).length > 0
  );
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
