/** A problem in the user's input: location, message and fix. */
export interface Problem {
  /** Dotted path of the value, such as `todo.backend.ports.http`. */
  readonly path: string;
  /** Expected and actual value. Never contains a secret's value. */
  readonly message: string;
  /** The remedy, in the imperative. @default - the message implies it */
  readonly fix?: string;
  /** File and line of the statement, such as `stacks/todo.ts:35`. @default - unknown, or not in a description */
  readonly at?: string;
}

/** All problems found in one run. The CLI and the Pulumi program print it without a stack trace. */
export class ProblemsError extends Error {
  constructor(
    readonly title: string,
    readonly problems: readonly Problem[],
  ) {
    super(formatProblems(title, problems));
    this.name = "ProblemsError";
  }
}

/** Formats `title: 2 problems` followed by one indented line per problem, sorted by path, with file and line. */
export function formatProblems(title: string, problems: readonly Problem[]): string {
  const count = `${problems.length} problem${problems.length === 1 ? "" : "s"}`;
  const lines = [...problems]
    .sort((a, b) => compareText(a.path, b.path) || compareText(a.message, b.message))
    .map(
      ({ path, message, fix, at }) => `  ${path}: ${message}${fix ? `; ${fix}` : ""}${at ? ` (${at})` : ""}`,
    );
  return [`${title}: ${count}`, ...lines].join("\n");
}

/** Throws one ProblemsError if there is at least one problem. */
export function throwProblems(title: string, problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new ProblemsError(title, problems);
  }
}

/** Compares by code unit, which is equal on every machine (localeCompare depends on the locale). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
