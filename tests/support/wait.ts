import { inspect } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { slowness } from "../runner/speed";

export interface WaitOptions<T> {
  /** Whether a value ends the wait. @default - a value other than false, null, undefined, 0 and empty text */
  readonly until?: (value: T) => boolean;
  /** Timeout in milliseconds on a machine at full speed; scaled on a slower or busier one. @default two minutes */
  readonly withinMs?: number;
  /** Milliseconds between two attempts. @default 200 */
  readonly everyMs?: number;
}

/** Scales a timeout by the measured slowness and the load of this machine. */
export function limit(milliseconds: number): number {
  return Math.round(milliseconds * slowness());
}

/**
 * Repeats a check until its condition holds, and returns the value that satisfied it. All waits of tests use this
 * function. A check that throws counts as not satisfied.
 * @param what the condition, for the failure message: `the queue is empty`
 * @throws Error that names the condition, and the result or error of the last check
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { until = Boolean, withinMs = 120_000, everyMs = 200 }: WaitOptions<T> = {},
): Promise<T> {
  const started = performance.now();
  let seen = "nothing: the first look has not ended";
  // The load may rise during the wait, so the timeout is recomputed each time.
  const left = () => limit(withinMs) - (performance.now() - started);
  do {
    const outcome = await Promise.race([attempt(look), overdue(left())]);
    if (outcome === undefined) {
      break;
    }
    if ("value" in outcome && until(outcome.value)) {
      return outcome.value;
    }
    seen = "value" in outcome ? inspect(outcome.value, { depth: 6, breakLength: 120 }) : outcome.error;
    await sleep(everyMs);
  } while (left() > 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  throw new Error(`waited ${seconds} s for: ${what}; last saw: ${seen.slice(0, 4_000)}`);
}

async function attempt<T>(look: () => T | Promise<T>): Promise<{ value: T } | { error: string }> {
  try {
    return { value: await look() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Limits a single check that hangs. */
async function overdue(milliseconds: number): Promise<undefined> {
  await sleep(Math.max(0, milliseconds), undefined, { ref: false });
  return undefined;
}
