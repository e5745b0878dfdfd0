import { performance } from "node:perf_hooks";

/** A longer gap between two readings is counted as a suspend of the machine. */
const LONGEST_STEP_SECONDS = 5;

/**
 * Measures time while this machine is running. Excludes suspends and is unaffected by clock changes. Correct if read
 * at least every five seconds.
 */
export class Stopwatch {
  /** Polling interval for callers. */
  static readonly INTERVAL_MILLISECONDS = 1000;

  private total = 0;
  private last: number;

  /** @param now milliseconds of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.last = now();
  }

  /** Seconds since creation or the last reset. */
  seconds(): number {
    const now = this.now();
    this.total += Math.min(Math.max(0, now - this.last) / 1000, LONGEST_STEP_SECONDS);
    this.last = now;
    return this.total;
  }

  reset(): void {
    this.total = 0;
    this.last = this.now();
  }
}
