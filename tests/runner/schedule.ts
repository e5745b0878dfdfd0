import { cpus, freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "./jobs";
import type { Tool } from "./needs";

export interface Room {
  /** Jobs that may always run at once. */
  readonly least: number;
  /** Jobs that may run at once when the processors are idle: many tests wait more than they compute. */
  readonly most: number;
}

export interface Situation extends Room {
  readonly running: readonly Job[];
  readonly tools: ScheduleOptions<unknown>["tools"];
  /** Share of the processors' time that was idle lately, from 0 to 1. */
  readonly idle: number;
  readonly freeBytes: number;
}

/** Below this, another job is started only in an empty lane. */
const IDLE_SHARE = 0.25;
/** What a system of an end-to-end test takes at most, with its builds. */
const JOB_BYTES = 2 * 2 ** 30;

/** The job to start next: of those whose tools are ready and whose locks are free, the longest. */
export function nextJob(waiting: readonly Job[], situation: Situation): Job | undefined {
  const { running, tools: known, idle, freeBytes, least, most } = situation;
  const hasRoom =
    running.length < least || (running.length < most && idle >= IDLE_SHARE && freeBytes >= JOB_BYTES);
  if (!hasRoom) {
    return undefined;
  }
  const held = new Set(running.flatMap(({ locks }) => locks));
  return waiting
    .filter(({ tools, locks }) => known.areSettled(tools) && !locks.some((lock) => held.has(lock)))
    .sort((a, b) => urgency(b, waiting) - urgency(a, waiting))[0];
}

/** What must still run one after the other once this job has begun: its own time and that of all that need its locks. */
function urgency(job: Job, waiting: readonly Job[]): number {
  const chain = waiting.filter(
    (other) => other === job || other.locks.some((lock) => job.locks.includes(lock)),
  );
  // Quick failures come first: static checks, then unit tests.
  const early = { static: 2e6, unit: 1e6, golden: 1e6, engine: 0, e2e: 0 }[job.suite];
  return early + chain.reduce((sum, { seconds }) => sum + seconds, 0);
}

export interface ScheduleOptions<R> extends Room {
  readonly jobs: readonly Job[];
  readonly run: (job: Job) => Promise<R>;
  /** A job starts when all its tools are ready, and is over at once when one of them is known not to come. */
  readonly tools: { areSettled(tools: readonly Tool[]): boolean };
  readonly signal: AbortSignal;
}

/** Runs all jobs, and stops starting new ones when the signal aborts. The results come in the order in which jobs end. */
export async function runAll<R>({ jobs, run, tools, signal, least, most }: ScheduleOptions<R>): Promise<R[]> {
  const waiting = [...jobs];
  const running = new Map<Job, Promise<void>>();
  const results: R[] = [];
  const meter = new IdleMeter();
  while ((waiting.length > 0 && !signal.aborted) || running.size > 0) {
    const situation = {
      ...{ running: [...running.keys()], tools, least, most },
      ...{ idle: meter.share(), freeBytes: freemem() },
    };
    const job = signal.aborted ? undefined : nextJob(waiting, situation);
    if (job) {
      waiting.splice(waiting.indexOf(job), 1);
      const ended = run(job).then((result) => {
        results.push(result);
        running.delete(job);
      });
      running.set(job, ended);
      meter.reset();
    } else {
      // A job may end, a tool become ready, or the processors become idle.
      await Promise.race([sleep(1_000), ...running.values()]);
    }
  }
  return results;
}

/** A job has this long to begin before the processors are judged again. */
const SETTLING_MS = 5_000;

/** How idle the processors are, since the last job was started. */
class IdleMeter {
  private at = performance.now();
  private before = times();

  reset(): void {
    this.at = performance.now();
    this.before = times();
  }

  share(): number {
    const elapsed = performance.now() - this.at;
    if (elapsed < SETTLING_MS) {
      return 0;
    }
    const now = times();
    const share = (now.idle - this.before.idle) / Math.max(1, now.total - this.before.total);
    if (elapsed > 2 * SETTLING_MS) {
      this.at = performance.now() - SETTLING_MS;
      this.before = now;
    }
    return share;
  }
}

function times(): { idle: number; total: number } {
  const all = cpus().map(({ times: of }) => of);
  const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, 0);
  return { idle: sum(all.map(({ idle }) => idle)), total: sum(all.flatMap((of) => Object.values(of))) };
}
