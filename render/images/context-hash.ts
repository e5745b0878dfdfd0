import ignore, { type Ignore } from "@balena/dockerignore";
import { createHash, type Hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, type Dirent } from "node:fs";
import { join } from "node:path";
import type { BuildSource } from "../../catalog/types";
import { compareText, throwProblems, type Problem } from "../../catalog/problems";

/**
 * What a build makes its image from, as 64 hexadecimal digits: the Dockerfile, the stage, and every file of the
 * context that `.dockerignore` lets through. Equal for equal contents wherever and whenever they were checked out:
 * of the file system's data only the executable bit counts, as in git, and never times or the umask.
 *
 * @param repoRoot folder that `source.context` is below
 * @throws ProblemsError that names the path when the context or the Dockerfile does not exist
 */
export function contextHash(repoRoot: string, source: BuildSource): string {
  throwProblems("image", missingSources(repoRoot, source));
  const context = join(repoRoot, source.context);
  const dockerfile = join(context, source.dockerfile);
  const hash = createHash("sha256");
  field(hash, "longshore context 1");
  field(hash, source.target ?? "");
  // Part of the build even where the context ignores it.
  field(hash, readFileSync(dockerfile));
  for (const path of contextFiles(context, source.dockerfile)) {
    addFile(hash, context, path);
  }
  return hash.digest("hex");
}

/** A context or Dockerfile that is not there. */
export function missingSources(repoRoot: string, { context, dockerfile }: BuildSource): Problem[] {
  const missing = [context, join(context, dockerfile)].find((path) => !existsSync(join(repoRoot, path)));
  return missing === undefined
    ? []
    : [
        {
          path: missing,
          message: `expected ${missing === context ? "a folder with a Dockerfile" : "a Dockerfile"}, found nothing`,
        },
      ];
}

/** Paths of the files and links of a build context, relative to it, sorted. */
export function contextFiles(context: string, dockerfile: string): string[] {
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

function ignoreRules(context: string, dockerfile: string): IgnoreRules {
  // A file of the Dockerfile's own goes before the context's, as in BuildKit.
  const file = [`${dockerfile}.dockerignore`, ".dockerignore"]
    .map((name) => join(context, name))
    .find((path) => existsSync(path));
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
