import { indent } from "./build";
import { UserError } from "./errors";
import type { Mask } from "./mask";

/** One service that is not in its wanted state. */
export interface Failure {
  readonly service: string;
  readonly reason: string;
  readonly log: string;
}

/** A service did not become ready. Contains the last lines of its log. */
export class ServiceFailed extends UserError {
  constructor(
    reason: string,
    readonly log: string,
  ) {
    super(reason);
  }
}

export interface FailedRollout {
  readonly project: string;
  readonly failures: readonly Failure[];
  /** Services that were not touched, because a dependency failed. */
  readonly skipped: readonly string[];
  /** Description of the services that still run their previous version; empty if there are none. */
  readonly kept: string;
}

/**
 * Text of a failed deployment: each failed service with its reason and its last log lines, and the services that were
 * skipped.
 */
export function failureText({ project, failures, skipped, kept }: FailedRollout, mask: Mask): string {
  const count = `${failures.length} service${failures.length === 1 ? "" : "s"}`;
  const parts = failures.map(({ service, reason, log }) =>
    [
      `  ${service}: ${reason.replaceAll("\n", "\n    ")}`,
      ...(log.trim() === "" ? [] : [`    last lines of its log:`, indent(indent(log.trim()))]),
    ].join("\n"),
  );
  const waiting =
    skipped.length === 0 ? [] : [`  not touched, because they wait for it: ${skipped.join(", ")}`];
  const head = `${project}: ${count} failed${kept === "" ? "" : `; ${kept}`}`;
  return mask([head, ...parts, ...waiting].join("\n"));
}

/** Longest sequence of lines that is checked for repetition. */
const LONGEST_PERIOD = 4;

/** Collapses consecutive repetitions of lines or short sequences to the last one, marked with `(20 times)`. */
export function collapseRepeats(lines: readonly string[]): string[] {
  const kept: { text: string; key: string; times: number }[] = [];
  const collapse = (period: number): boolean => {
    const last = kept.slice(-period);
    const before = kept.slice(-2 * period, -period);
    const repeats =
      before.length === period &&
      last.every((one, index) => one.times === 1 && one.key === before[index]?.key) &&
      before.every(({ times }) => times === before[0]?.times);
    if (repeats) {
      const merged = last.map((one, index) => ({ ...one, times: (before[index]?.times ?? 0) + 1 }));
      kept.splice(-2 * period, 2 * period, ...merged);
    }
    return repeats;
  };
  for (const text of lines) {
    kept.push({ text, key: comparable(text), times: 1 });
    for (let period = 1; period <= LONGEST_PERIOD && !collapse(period); period++);
  }
  return kept.map(({ text, times }) => (times === 1 ? text : `${text} (${times} times)`));
}

/** Removes the parts that differ per line: times, durations, client ports, ids. */
function comparable(line: string): string {
  return line
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:?\d\d)?/g, "<time>")
    .replace(/\b\d\d:\d\d:\d\d([.,]\d+)?/g, "<time>")
    .replace(/\b(\d{1,3}(?:\.\d{1,3}){3}):\d+/g, "$1")
    .replace(/\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/gi, "<id>")
    .replace(/\b[0-9a-f]{16,}\b/gi, "<id>")
    .replace(/\b\d+\.\d+\b|\b\d+(\.\d+)? ?(ms|µs|us|s)\b/g, "<number>");
}

/** Converts text to one line of at most `longest` characters. */
export function oneLine(text: string, longest: number): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
