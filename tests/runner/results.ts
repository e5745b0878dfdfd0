import { readFileSync } from "node:fs";

/** One line of the file that the reporter writes. */
export interface ReportedEvent {
  readonly event: "start" | "begin" | "passed" | "failed" | "skipped" | "hook" | "end";
  /** With the titles of its suites. */
  readonly title: string;
  /** Relative to the checkout. */
  readonly file: string;
  readonly ms: number;
  /** Of the start: how many tests the process has to run. */
  readonly total?: number;
}

/** A test, or a plain command, that has ended. */
export interface TestResult {
  readonly title: string;
  readonly file: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly ms: number;
}

export interface JobResults {
  readonly tests: readonly TestResult[];
  /** Time in `before` and `after` hooks, by file. */
  readonly hooks: readonly { readonly title: string; readonly file: string; readonly ms: number }[];
  /** Why the process counts as failed although no test has. */
  readonly problem?: string;
}

/** Reads what a mocha process has reported so far. */
export function readEvents(file: string): ReportedEvent[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as ReportedEvent];
    } catch {
      return []; // Cut off by a crash.
    }
  });
}

/** What runs at this moment, for a line of progress. */
export function currentTest(events: readonly ReportedEvent[]): string | undefined {
  const last = events.at(-1);
  return last?.event === "begin" ? last.title : undefined;
}

/**
 * The outcome of a mocha process. A process that ended early, ran nothing, or ended with an error although all tests passed
 * has a problem: it must never count as passed.
 */
export function summarize(events: readonly ReportedEvent[], code: number): JobResults {
  const tests = events.flatMap(({ event, title, file, ms }) =>
    event === "passed" || event === "failed" || event === "skipped"
      ? [{ title, file, state: event, ms }]
      : [],
  );
  const hooks = events.flatMap(({ event, title, file, ms }) =>
    event === "hook" ? [{ title, file, ms }] : [],
  );
  const problem = problemOf(events, tests, code);
  return { tests, hooks, ...(problem !== undefined && { problem }) };
}

function problemOf(
  events: readonly ReportedEvent[],
  tests: readonly TestResult[],
  code: number,
): string | undefined {
  const hasFailed = tests.some(({ state }) => state === "failed");
  if (events.at(-1)?.event !== "end") {
    const during = currentTest(events);
    const where = during === undefined ? "before its first test" : `during "${during}"`;
    return `the process ended with code ${code} ${events.length === 0 ? "before its first test" : where}`;
  }
  if (tests.length === 0) {
    return "expected at least one test, got none";
  }
  const total = events.find(({ event }) => event === "start")?.total ?? 0;
  // After a failure the rest of a suite may be left out on purpose: it builds on the test that failed.
  if (tests.length < total && !hasFailed) {
    return `expected ${total} tests, got ${tests.length}: the process was told to end before the others`;
  }
  return code !== 0 && !hasFailed ? `all tests passed, but the process ended with code ${code}` : undefined;
}
