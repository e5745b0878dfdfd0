/** One mistake of a user: where it is, what is wrong, and how to fix it. */
export interface Problem {
  /** Dotted path of the value, such as `todo.backend.ports.http`. */
  readonly path: string;
  /** What was expected and what was found. Never contains a secret's value. */
  readonly message: string;
  /** What to do about it, in the imperative. @default - the message says it already */
  readonly fix?: string;
  /** File and line of the statement, such as `stacks/todo.ts:35`. @default - not known, or not of a description */
  readonly at?: string;
}

/** All mistakes found in one go. Printed without a stack trace by the CLI and by the Pulumi program. */
export class ProblemsError extends Error {
  constructor(
    readonly title: string,
    readonly problems: readonly Problem[],
  ) {
    super(formatProblems(title, problems));
    this.name = "ProblemsError";
  }
}

/** `title: 2 problems` and below it one indented line per problem, sorted by path, with its file and line. */
export function formatProblems(title: string, problems: readonly Problem[]): string {
  const count = `${problems.length} problem${problems.length === 1 ? "" : "s"}`;
  const lines = [...problems]
    .sort((a, b) => compareText(a.path, b.path) || compareText(a.message, b.message))
    .map(
      ({ path, message, fix, at }) => `  ${path}: ${message}${fix ? `; ${fix}` : ""}${at ? ` (${at})` : ""}`,
    );
  return [`${title}: ${count}`, ...lines].join("\n");
}

/** Throws one ProblemsError when there is at least one problem. */
export function throwProblems(title: string, problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new ProblemsError(title, problems);
  }
}

/** Orders by code unit, the same on every machine (localeCompare depends on the locale). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
