import { Context, Runnable } from "mocha";
import { limit } from "./wait";

/**
 * Scales a mocha timeout by the measured slowness of this machine. The timeout ends a test that hangs; it does not
 * measure speed.
 */
function scale(ms: number): number {
  return Math.max(ms, Math.min(limit(ms), MOST_MS));
}

/** Upper limit, so that a test that hangs does not use up the time of the whole run. */
const MOST_MS = 30 * 60_000;

const scaled = new WeakSet<Runnable>();
const { run } = Runnable.prototype as { run: (this: Runnable, done: unknown) => unknown };

Object.assign(Runnable.prototype, {
  run(this: Runnable, done: unknown): unknown {
    if (!scaled.has(this)) {
      scaled.add(this);
      this.timeout(scale(this.timeout()));
    }
    return run.call(this, done);
  },
});

const { timeout } = Context.prototype as { timeout: (this: Context, ms?: number) => unknown };

Object.assign(Context.prototype, {
  /** Type of `this.timeout(ms)` in a running test or hook. */
  timeout(this: Context, ms?: number): unknown {
    return ms === undefined ? timeout.call(this) : timeout.call(this, scale(ms));
  },
});
