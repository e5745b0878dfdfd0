import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Dirent,
} from "node:fs";
import { join } from "node:path";
import { baseImage, type BuildImage } from "../../catalog/build-graph";
import type { BuildSource } from "../../catalog/types";
import { compareText, throwProblems, type Problem } from "../../base/problems";
import { ignoreRules, PatternError, type FolderMatch, type IgnoreRules } from "./dockerignore";

/**
 * Hashes everything that a build depends on, as 64 hexadecimal digits: the Dockerfile, the stage, the arguments, every
 * file of the context that `.dockerignore` does not exclude, and the named contexts. Equal contents have equal hashes
 * on every machine: of the file metadata only the executable bit counts, as in git, not times or the umask.
 * @param repoRoot folder that `source.context` is relative to
 * @param images includes the base images of this one
 * @throws ProblemsError with the path of a missing context or Dockerfile
 */
export function contextHash(
  repoRoot: string,
  source: BuildSource,
  images: readonly BuildImage[] = [],
): string {
  throwProblems("image", missingSources(repoRoot, source));
  const context = join(repoRoot, source.context);
  const hash = createHash("sha256");
  field(hash, "longshore context 2");
  field(hash, source.target ?? "");
  field(hash, JSON.stringify(sortedEntries(source.args)));
  // The Dockerfile is part of the build even if the context ignores it.
  field(hash, readFileSync(join(context, source.dockerfile)));
  field(hash, filesHash(context, source.dockerfile));
  for (const [name, named] of sortedEntries(source.contexts)) {
    field(hash, name);
    field(hash, named.kind === "folder" ? filesHash(join(repoRoot, named.path)) : baseHash(named.image));
  }
  return hash.digest("hex");

  function baseHash(name: string): string {
    const base = baseImage(name, images).source;
    return base.kind === "upstream" ? base.reference : contextHash(repoRoot, base, images);
  }
}

function filesHash(context: string, dockerfile?: string): string {
  const hash = createHash("sha256");
  for (const path of contextFiles(context, dockerfile)) {
    addFile(hash, context, path);
  }
  return hash.digest("hex");
}

function sortedEntries<T>(record: Readonly<Record<string, T>> = {}): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

/** Reports missing contexts and Dockerfiles. */
export function missingSources(
  repoRoot: string,
  { context, dockerfile, contexts = {} }: BuildSource,
): Problem[] {
  const expected = (path: string, what: string): Problem[] =>
    existsSync(join(repoRoot, path)) ? [] : [{ path, message: `expected ${what}, found nothing` }];
  const own = expected(context, "a folder with a Dockerfile");
  return [
    ...(own.length > 0 ? own : expected(join(context, dockerfile), "a Dockerfile")),
    ...Object.values(contexts).flatMap((named) =>
      named.kind === "folder" ? expected(named.path, "a folder") : [],
    ),
  ];
}

/**
 * Returns the sorted relative paths of the files and links of a build context.
 * @param dockerfile may have its own ignore rules. @default - none: a named context
 */
export function contextFiles(context: string, dockerfile?: string): string[] {
  const rules = rulesOf(context, dockerfile);
  const found: string[] = [];
  const visit = (folder: string, parent?: FolderMatch) => {
    for (const entry of readdirSync(join(context, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const { ignored, inside } = rules.match(path, parent);
      if (entry.isDirectory()) {
        if (!ignored || rules.mayReturnBelow(path)) {
          visit(path, inside);
        }
      } else if (isContent(entry) && !ignored) {
        found.push(path);
      }
    }
  };
  visit("");
  return found.sort(compareText);
}

/** Whether an entry is part of a context. Sockets, pipes and devices are not. */
function isContent(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}

function rulesOf(context: string, dockerfile?: string): IgnoreRules {
  // The Dockerfile's own ignore file takes precedence over the context's, as in BuildKit.
  const own = dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`];
  const file = [...own, ".dockerignore"].map((name) => join(context, name)).find((path) => existsSync(path));
  try {
    return ignoreRules(file === undefined ? "" : readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof PatternError) {
      throwProblems("image", [{ path: file ?? context, message: error.message }]);
    }
    throw error;
  }
}

function addFile(hash: Hash, context: string, path: string): void {
  const full = join(context, path);
  field(hash, path);
  const link = readLink(full);
  if (link !== undefined) {
    field(hash, "link");
    field(hash, link);
    return;
  }
  contentField(hash, full);
}

/** Buffer for chunks of a file, because a file may be larger than the memory. */
const CHUNK = Buffer.allocUnsafe(1 << 20);

/** Hashes the executable bit and the content, in the same form as `field`. */
function contentField(hash: Hash, path: string): void {
  const file = openSync(path, "r");
  try {
    const { mode, size } = fstatSync(file);
    field(hash, (mode & 0o100) !== 0 ? "program" : "file");
    hash.update(`${size}:`);
    let total = 0;
    for (let read = 1; read > 0; total += read) {
      read = readSync(file, CHUNK);
      hash.update(CHUNK.subarray(0, read));
    }
    if (total !== size) {
      throwProblems("image", [{ path, message: "changed while it was read", fix: "run the command again" }]);
    }
  } finally {
    closeSync(file);
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Hashes a field with its length, so that different lists of fields cannot produce the same bytes. */
function field(hash: Hash, content: string | Buffer): void {
  const bytes = Buffer.from(content);
  hash.update(`${bytes.length}:`).update(bytes);
}
