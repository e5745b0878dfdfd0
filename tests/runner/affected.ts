import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathsNamedIn, type ImportGraph } from "./imports";

/** Files that have changed since a commit: committed, staged, edited and new ones. @throws Error for an unknown commit */
export function changedFiles(root: string, since: string): string[] {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" });
  let base: string;
  try {
    base = git("merge-base", "--end-of-options", since, "HEAD").trim();
  } catch {
    throw new Error(
      `CHANGED: expected a branch, tag or commit, got ${JSON.stringify(since)}; try CHANGED=main`,
    );
  }
  const lists = [
    git("diff", "--name-only", "--no-renames", "-z", base),
    git("ls-files", "--others", "--exclude-standard", "-z"),
  ];
  return [...new Set(lists.flatMap((list) => list.split("\0").filter(Boolean)))].sort();
}

/** A change of one of these can change the outcome of any test. */
const EVERYTHING =
  /^(package(-lock)?\.json|tsconfig\.json|\.mocharc\.json|\.node-version|tests\/support\/seed\.ts|tests\/run(ner\/.*|\.ts))$/;

/** No part of the `longshore` command, which end-to-end tests run without importing it. */
const NO_PART_OF_COMMAND = /^(docs|tests|bench|\.github|services|images|lab|tools)\/|\.md$/;
/** What end-to-end and engine tests deploy. */
const DEPLOYED = /^(services|images|lab|tools)\//;

/**
 * The test files that a change can affect: those that import a changed file, directly or not; those whose text, or that of
 * a file below tests/ that they import, names it or a folder above it; those that list the files of the repository; and for
 * a change of the command or of what it deploys, those that run it.
 */
export function affectedBy(
  changed: readonly string[],
  files: readonly string[],
  graph: ImportGraph,
  read: (file: string) => string,
): string[] {
  if (changed.some((file) => EVERYTHING.test(file))) {
    return [...files];
  }
  return files.filter((file) => {
    const reached = graph.closure(file);
    const inTests = [...reached].filter((each) => each.startsWith("tests/"));
    const named = new Set(inTests.flatMap((each) => pathsNamedIn(read(each), each)));
    const deploys = /^tests\/(e2e|engine)\//.test(file);
    const runsCommand = deploys || inTests.includes("tests/support/checkout.ts");
    return (
      read(file).includes("ls-files") ||
      changed.some(
        (each) =>
          reached.has(each) ||
          foldersOf(each).some((path) => named.has(path)) ||
          (runsCommand && !NO_PART_OF_COMMAND.test(each)) ||
          (deploys && DEPLOYED.test(each)),
      )
    );
  });
}

/** The path and every folder above it: `a/b/c`, `a/b`, `a`. */
function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}

/** Reads a file of the checkout; one that is gone has no text. */
export function readerOf(root: string): (file: string) => string {
  return (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "");
}
