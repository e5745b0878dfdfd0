import { spawnSync } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { availableParallelism, loadavg } from "node:os";

/** What the fixed work below takes on the reference machine (2 cores of an AMD EPYC, nothing beside it). */
const REFERENCE_MS = { compute: 25, spawn: 45 } as const;

/** A wait that is longer than this many times its limit will not end well. */
const MOST = 8;

/** Carries the measured figure from the runner to the test processes. */
const VARIABLE = "LONGSHORE_TEST_SLOWNESS";

/** How many times slower this machine is now than the reference machine; 1 where it is faster. */
export function measureSlowness(): number {
  const compute = best(() => pbkdf2Sync("speed", "salt", 60_000, 32, "sha256"));
  const start = best(() => spawnSync(process.execPath, ["-e", "0"]));
  return clamp(Math.max(compute / REFERENCE_MS.compute, start / REFERENCE_MS.spawn));
}

/** Measures once, and hands the figure on to all processes that this one starts. */
export function calibrate(): number {
  const slowness = measureSlowness();
  process.env[VARIABLE] = slowness.toFixed(2);
  return slowness;
}

/**
 * The factor for time limits: the measured slowness, or what the load of the machine at this moment suggests where that is
 * more, since other work may have begun after the measurement.
 */
export function slowness(): number {
  const measured = Number(process.env[VARIABLE] ?? 1) || 1;
  return clamp(Math.max(measured, (loadavg()[0] ?? 0) / availableParallelism()));
}

function best(work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...times);
}

function clamp(factor: number): number {
  return Math.min(MOST, Math.max(1, factor));
}
