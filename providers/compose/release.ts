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
 * The files that containers mount, as one deployment wrote them. Only live files change afterwards; a release stays while
 * a container mounts it.
 */
export interface Release {
  readonly name: string;
  readonly folder: string;
  /** The Compose document. */
  readonly file: string;
}

/** A release that is being written: complete but for the secrets. */
export interface DraftRelease {
  readonly file: string;
  /** Something that the operator should know. @default - nothing */
  readonly warning?: string;
  /** Adds the secrets and gives the folder its name. */
  finish(image: string | undefined): Promise<Release>;
  discard(): void;
}

/** Written last: without it a power failure or a full disk may have left only some of a release's files. */
const MARKER = ".complete";
const DOCUMENT = "compose.yaml";
/** Containers read these as their own users; the folders above keep others on this machine out. */
const PUBLIC_MODE = 0o444;

/**
 * Starts to write the files of a release. The same inputs give the same release: one that exists is used again if it is
 * complete, and rebuilt otherwise.
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
        // `restart` takes the newest of several releases that fit.
        utimesSync(folder, new Date(), new Date());
      } else {
        await writeSecrets(draft, inputs.secretFiles, image);
        putInPlace(draft, folder, inputs);
      }
      return { name, folder, file: join(folder, DOCUMENT) };
    },
  };
}

/** Whether every file is there as it was written. Contents of secrets are compared by length: only their users may read them. */
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

/** Gives a whole draft its name. What was there was incomplete; containers that mount its live files go on to see them. */
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

/** Keyed: the name can be read in every container's mounts, and short secrets could be guessed from a plain digest. */
function releaseName({ document, files, secretFiles }: ProjectInputs, key: Buffer): string {
  const content = JSON.stringify([document, files, secretFiles]);
  return createHmac("sha256", key).update(content).digest("hex").slice(0, 16);
}

const KEY_BYTES = 32;

/** Makes the key where there is none. One that a crash left empty is replaced: anyone could compute its digests. */
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

/** Removes releases and drafts of interrupted runs that no container mounts. */
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

/** Removes all files of a project, its secrets among them. */
export function removeProjectFiles(project: string): void {
  rmSync(projectFolder(project), { recursive: true, force: true });
}
