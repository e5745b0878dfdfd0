import { CHECK, SUITES, type Suite } from "./jobs";

/** What the command line and the environment ask for. */
export interface Request {
  readonly suites: readonly Suite[];
  /** Test files by path; none for all of the suites. */
  readonly files: readonly string[];
  /** Only what changes since this commit affect. */
  readonly since?: string;
  /** Whether to use the linters' caches, and to do without tools that must be compiled first. */
  readonly quick: boolean;
}

/** @throws Error in one line for a word that is neither a suite nor a test file */
export function requestOf(words: readonly string[], since = ""): Request {
  const files = words.filter((word) => word.endsWith(".test.ts")).map((word) => word.replace(/^\.\//, ""));
  const names = words.filter((word) => !word.endsWith(".test.ts"));
  const known: readonly string[] = [...SUITES, "check"];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `suite: expected ${known.join(", ")} or a path of a test file, got ${unknown.join(", ")}`,
    );
  }
  const wanted = new Set<string>(
    names.flatMap((name): readonly string[] => (name === "check" ? CHECK : [name])),
  );
  const isAll = names.length === 0 && files.length === 0;
  return {
    suites: SUITES.filter((suite) => isAll || wanted.has(suite)),
    files,
    ...(since !== "" && { since }),
    quick: names.includes("check"),
  };
}
