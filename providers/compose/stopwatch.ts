import { performance } from "node:perf_hooks";

/** More than this between two looks is a suspended machine, not time in which anything could have happened. */
const LONGEST_STEP_SECONDS = 5;

/**
 * Measures the time in which this machine ran. Unlike a difference of two clock readings it does not count a suspend,
 * and a clock that is set does not change it. Correct when read at least every five seconds.
 */
export class Stopwatch {
  /** How often a caller that waits should look. */
  static readonly INTERVAL_MILLISECONDS = 1000;

  private total = 0;
  private last: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.last = now();
  }

  /** Seconds since it was made or reset. */
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
