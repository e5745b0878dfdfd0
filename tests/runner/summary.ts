import type { Job } from "./jobs";
import type { JobResults } from "./results";

/** What one process did. */
export interface JobOutcome extends JobResults {
  readonly job: Job;
  readonly seconds: number;
  /** The end of what it printed, when something failed. */
  readonly report?: string;
  /** Why its tests were skipped, and what to do to have them run. */
  readonly skipped?: string;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A command without tests counts as one; a process with a problem of its own as one failure. */
export function totalsOf(outcomes: readonly JobOutcome[]): Totals {
  const tests = outcomes.flatMap((outcome) => outcome.tests);
  const count = (state: string) => tests.filter((test) => test.state === state).length;
  return {
    passed: count("passed"),
    failed: count("failed") + outcomes.filter(({ problem }) => problem !== undefined).length,
    skipped: count("skipped"),
  };
}

/** The last line of a run, which continuous integration reads. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** One row of the table of times. */
export interface Timing {
  readonly name: string;
  readonly seconds: number;
}

export interface Timings {
  /** By file or command, with hooks, slowest first. */
  readonly files: readonly Timing[];
  /** Single tests and hooks, slowest first. */
  readonly tests: readonly Timing[];
}

export function timingsOf(outcomes: readonly JobOutcome[]): Timings {
  const files = new Map<string, number>();
  const add = (name: string, seconds: number) => files.set(name, (files.get(name) ?? 0) + seconds);
  for (const { job, seconds, tests, hooks } of outcomes) {
    if (job.files.length <= 1) {
      // Loading the file is part of its time.
      add(job.files[0] ?? job.title, seconds);
    } else {
      [...tests, ...hooks].forEach(({ file, ms }) => add(file, ms / 1000));
    }
  }
  const single = outcomes.flatMap(({ tests, hooks }) => [...tests, ...hooks]);
  return {
    files: slowestFirst([...files].map(([name, seconds]) => ({ name, seconds }))),
    tests: slowestFirst(
      single.map(({ file, title, ms }) => ({ name: `${file}: ${title}`, seconds: ms / 1000 })),
    ),
  };
}

function slowestFirst(timings: readonly Timing[]): Timing[] {
  return [...timings].sort((a, b) => b.seconds - a.seconds);
}

const ROWS = { files: 30, tests: 25 } as const;

/** The tables that end a run. */
export function timingTable({ files, tests }: Timings): string {
  const rows = (of: readonly Timing[], most: number) =>
    of
      .slice(0, most)
      .filter(({ seconds }) => seconds >= 0.1)
      .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${name}`);
  return [
    "Slowest files, with their hooks:",
    ...rows(files, ROWS.files),
    "",
    "Slowest tests and hooks:",
    ...rows(tests, ROWS.tests),
  ].join("\n");
}

/** Enough for a handful of failures, little enough for the end of a log. */
const REPORT_LINES = 120;

/** From mocha its list of failures, from others the end of what they printed. */
export function reportOf(output: string): string {
  const start = /^ *\d+ failing/m.exec(output)?.index;
  const printed = (start === undefined ? output : output.slice(start)).trim().split("\n");
  const lines = start === undefined ? printed.slice(-REPORT_LINES) : printed.slice(0, REPORT_LINES);
  return lines.join("\n");
}
