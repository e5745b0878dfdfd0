import ignore, { type Ignore } from "@balena/dockerignore";
import { createHash, type Hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { baseImage, type BuildImage } from "../../catalog/build-graph";
import type { BuildSource } from "../../catalog/types";
import { compareText, throwProblems, type Problem } from "../../catalog/problems";

/**
 * What a build makes its image from, as 64 hexadecimal digits: the Dockerfile, the stage, the arguments, every file
 * of the context that `.dockerignore` lets through, and as much of each named context. Equal for equal contents
 * wherever and whenever they were checked out: of the file system's data only the executable bit counts, as in git,
 * and never times or the umask.
 *
 * @param repoRoot folder that `source.context` is below
 * @param images among them those that this one is built upon
 * @throws ProblemsError that names the path when a context or the Dockerfile does not exist
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
  // Part of the build even where the context ignores it.
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

/** A context or Dockerfile that is not there. */
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
 * Paths of the files and links of a build context, relative to it, sorted.
 *
 * @param dockerfile may have ignore rules of its own. @default - a named context, which has no Dockerfile
 */
export function contextFiles(context: string, dockerfile?: string): string[] {
  const rules = ignoreRules(context, dockerfile);
  const found: string[] = [];
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(context, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!rules.filter.ignores(path) || rules.mayReturnBelow(path)) {
          visit(path);
        }
      } else if (isContent(entry) && !rules.filter.ignores(path)) {
        found.push(path);
      }
    }
  };
  visit("");
  return found.sort(compareText);
}

/** Sockets, pipes and devices are no part of a context. */
function isContent(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}

interface IgnoreRules {
  readonly filter: Ignore;
  /** Whether a `!` pattern may bring back something below an ignored folder. */
  mayReturnBelow(folder: string): boolean;
}

function ignoreRules(context: string, dockerfile?: string): IgnoreRules {
  // A file of the Dockerfile's own goes before the context's, as in BuildKit.
  const own = dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`];
  const file = [...own, ".dockerignore"].map((name) => join(context, name)).find((path) => existsSync(path));
  const text = file === undefined ? "" : readFileSync(file, "utf8");
  const returning = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("!"))
    .map((line) => literalPrefix(line.slice(1).trim()));
  return {
    filter: ignore().add(text),
    mayReturnBelow: (folder) =>
      returning.some((prefix) => prefix.startsWith(`${folder}/`) || `${folder}/`.startsWith(prefix)),
  };
}

/** The part of a pattern before its first wildcard: `**` may match anywhere, so its prefix is empty. */
function literalPrefix(pattern: string): string {
  const clean = pattern.replace(/^\.?\//, "");
  const wildcard = clean.search(/[*?[\\]/);
  return wildcard < 0 ? clean : clean.slice(0, wildcard);
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
  const executable = (statSync(full).mode & 0o100) !== 0;
  field(hash, executable ? "program" : "file");
  field(hash, readFileSync(full));
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** With its length, so that no two lists of fields give the same bytes. */
function field(hash: Hash, content: string | Buffer): void {
  const bytes = Buffer.from(content);
  hash.update(`${bytes.length}:`).update(bytes);
}
