import { Context, Runnable } from "mocha";
import { limit } from "./wait";

/** Multiplies mocha's time limits by how slow this machine is: a limit ends a test that hangs, it does not judge its speed. */
const scaled = new WeakSet<Runnable>();
const { run } = Runnable.prototype as { run: (this: Runnable, done: unknown) => unknown };

Object.assign(Runnable.prototype, {
  run(this: Runnable, done: unknown): unknown {
    if (!scaled.has(this)) {
      scaled.add(this);
      this.timeout(limit(this.timeout()));
    }
    return run.call(this, done);
  },
});

const { timeout } = Context.prototype as { timeout: (this: Context, ms?: number) => unknown };

Object.assign(Context.prototype, {
  /** `this.timeout(ms)` in a test or hook that runs. */
  timeout(this: Context, ms?: number): unknown {
    return ms === undefined ? timeout.call(this) : timeout.call(this, limit(ms));
  },
});
