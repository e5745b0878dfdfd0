import { inspect } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { slowness } from "../runner/speed";

export interface WaitOptions<T> {
  /** Whether a value ends the wait. @default - a value that is true, or neither false, null, undefined, 0 nor empty text */
  readonly until?: (value: T) => boolean;
  /** Limit on a machine at full speed; a slower or busier one gets more. @default two minutes */
  readonly withinMs?: number;
  /** Pause between two looks. @default 200 ms */
  readonly everyMs?: number;
}

/** A time limit that grows with the measured slowness and the load of this machine. */
export function limit(milliseconds: number): number {
  return Math.round(milliseconds * slowness());
}

/**
 * Looks until the condition holds, and returns the value that satisfied it. All waits of tests go through this function.
 * A look that throws counts as one that does not hold yet.
 * @param what the condition, for the failure: `the queue is empty`
 * @throws Error that names the condition, and what the last look returned or threw
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { until = Boolean, withinMs = 120_000, everyMs = 200 }: WaitOptions<T> = {},
): Promise<T> {
  const started = performance.now();
  let seen = "nothing: the first look has not ended";
  // The load may rise during the wait, so the limit is recomputed each time.
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

/** A look that hangs does not outlast the limit. */
async function overdue(milliseconds: number): Promise<undefined> {
  await sleep(Math.max(0, milliseconds), undefined, { ref: false });
  return undefined;
}
