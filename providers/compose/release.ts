import { createHmac, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { yamlText } from "../../yaml/write";
import type { Container } from "./containers";
import { canWriteLive, withDigests } from "./digests";
import { createFile, makePrivateFolder, syncFolder, writeNewFile } from "./durable-files";
import type { ProjectInputs } from "./inputs";
import { writeInto } from "./live-files";
import { projectFolder } from "./project-folder";
import { writeSecrets } from "./secrets";

/**
 * The files that containers mount, as written by one deployment. Only live files change afterwards. A release is kept
 * while a container mounts it.
 */
export interface Release {
  readonly name: string;
  readonly folder: string;
  /** Path of the Compose document. */
  readonly file: string;
}

/** A release that is complete except for its secrets. */
export interface DraftRelease {
  readonly file: string;
  /** Warning to show to the operator. @default - none */
  readonly warning?: string;
  /** Writes the secrets and renames the folder to its final name. */
  finish(image: string | undefined): Promise<Release>;
  discard(): void;
}

/** Marker file, written last. If it is missing, a power failure or a full disk may have left the release incomplete. */
const MARKER = ".complete";
const DOCUMENT = "compose.yaml";
/**
 * Mode of files that containers read as their own users. The mode of the parent folders keeps out other users of the
 * machine.
 */
const PUBLIC_MODE = 0o444;

/**
 * Starts to write a release. Equal inputs give an equal release: reuses an existing complete one, and rebuilds an
 * incomplete one.
 */
export function draftRelease(inputs: ProjectInputs): DraftRelease {
  const releases = join(projectFolder(inputs.project), "releases");
  makePrivateFolder(releases);
  const { key, warning } = projectKey(inputs.project);
  const name = releaseName(inputs, key);
  const folder = join(releases, name);
  const draft = join(releases, `.${name}.${process.pid}`);
  const discard = () => {
    rmSync(draft, { recursive: true, force: true });
  };
  discard();
  makePrivateFolder(draft);
  const text = yamlText(withDigests(inputs, key));
  writeNewFile(join(draft, DOCUMENT), text, 0o600);
  for (const [path, content] of Object.entries(inputs.files)) {
    makePrivateFolder(dirname(join(draft, path)));
    writeNewFile(join(draft, path), content, PUBLIC_MODE);
  }
  return {
    file: join(draft, DOCUMENT),
    ...(warning !== undefined && { warning }),
    discard,
    async finish(image) {
      if (isComplete(folder, inputs, text)) {
        discard();
        refreshLive(folder, inputs);
        // `restart` uses the newest of several matching releases.
        utimesSync(folder, new Date(), new Date());
      } else {
        await writeSecrets(draft, inputs.secretFiles, image);
        putInPlace(draft, folder, inputs);
      }
      return { name, folder, file: join(folder, DOCUMENT) };
    },
  };
}

/** Whether every file exists as written. Compares secret files by length, because only their users can read them. */
function isComplete(folder: string, { files, secretFiles }: ProjectInputs, document: string): boolean {
  const isText = (path: string, content: string, mode: number) => {
    const file = join(folder, path);
    return modeOf(file) === mode && readFileSync(file, "utf8") === content;
  };
  return (
    existsSync(join(folder, MARKER)) &&
    isText(DOCUMENT, document, 0o600) &&
    Object.entries(files).every(([path, content]) => isText(path, content, PUBLIC_MODE)) &&
    Object.entries(secretFiles).every(([path, { content, live }]) => {
      const file = join(folder, path);
      const isWhole = live === true || sizeOf(file) === Buffer.byteLength(content);
      return modeOf(file) === 0o400 && isWhole;
    })
  );
}

const modeOf = (file: string): number | undefined => {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : mode & 0o777;
};

const sizeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.size;

/**
 * Renames a complete draft to its final name. Keeps the live files of the incomplete release it replaces, because
 * containers may mount them.
 */
function putInPlace(draft: string, folder: string, inputs: ProjectInputs): void {
  if (existsSync(folder)) {
    for (const path of livePaths(inputs).filter((one) => existsSync(join(folder, one)))) {
      renameSync(join(folder, path), join(draft, path));
    }
    refreshLive(draft, inputs);
  }
  foldersBelow(draft).forEach(syncFolder);
  writeNewFile(join(draft, MARKER), "", 0o600);
  syncFolder(draft);
  const away = join(dirname(folder), `.incomplete.${process.pid}`);
  rmSync(away, { recursive: true, force: true });
  if (existsSync(folder)) {
    renameSync(folder, away);
  }
  renameSync(draft, folder);
  syncFolder(dirname(folder));
  rmSync(away, { recursive: true, force: true });
}

function livePaths({ secretFiles }: ProjectInputs): string[] {
  return canWriteLive() ? Object.keys(secretFiles).filter((path) => secretFiles[path]?.live) : [];
}

function refreshLive(folder: string, inputs: ProjectInputs): void {
  for (const path of livePaths(inputs)) {
    writeInto(join(folder, path), inputs.secretFiles[path]?.content ?? "");
    chmodSync(join(folder, path), 0o400);
  }
}

function foldersBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Name of a release, a keyed digest. Every container's mounts show the name, and short secrets could be guessed from a
 * plain digest.
 */
function releaseName({ document, files, secretFiles }: ProjectInputs, key: Buffer): string {
  const content = JSON.stringify([document, files, secretFiles]);
  return createHmac("sha256", key).update(content).digest("hex").slice(0, 16);
}

const KEY_BYTES = 32;

/**
 * Reads the project's key, or creates it. Replaces a key that a crash left empty, because any process could compute
 * its digests.
 */
function projectKey(project: string): { readonly key: Buffer; readonly warning?: string } {
  const file = join(projectFolder(project), "release.key");
  if (!existsSync(file)) {
    createFile(file, randomBytes(KEY_BYTES));
  }
  const key = readFileSync(file);
  if (key.length === KEY_BYTES) {
    return { key };
  }
  rmSync(file);
  createFile(file, randomBytes(KEY_BYTES));
  return {
    key: readFileSync(file),
    warning: `${file}: expected ${KEY_BYTES} bytes, got ${key.length}; a new key was written, and services that mount files restart once`,
  };
}

/** Removes releases, and drafts of interrupted runs, that no container mounts. */
export function removeOldReleases(project: string, current: Release, containers: readonly Container[]): void {
  const releases = dirname(current.folder);
  for (const name of readdirSync(releases)) {
    const folder = join(releases, name);
    const used = containers.some(({ mounts }) => mounts.some((mount) => mount.includes(`${folder}/`)));
    if (name !== current.name && !used) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Removes all files of a project, including its secrets. */
export function removeProjectFiles(project: string): void {
  rmSync(projectFolder(project), { recursive: true, force: true });
}
