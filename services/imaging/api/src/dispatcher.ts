import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AnalyzerUnavailable, PictureRefused, type Analyzer } from "./analyzer.ts";
import { describe, type Log } from "./logs.ts";
import type { Metrics } from "./metrics.ts";
import type { Claim, Store } from "./model.ts";
import { isUnavailable } from "./problems.ts";
import type { Reporter } from "./reporter.ts";

/** After so many attempts that ended badly the picture itself is taken to be the reason. */
const ATTEMPTS = 3;
/** Milliseconds beyond the longest analysis after which another process may take a picture over. */
const LEASE_MARGIN = 5_000;
const SWEEP_INTERVAL = 300_000;

export interface DispatcherOptions {
  /** Analyses under way at once. */
  concurrency: number;
  /** Milliseconds between two looks for work, when there was none. */
  poll: number;
  /** Milliseconds that one analysis may take. */
  timeout: number;
}

/** Takes pictures from the queue to the analyzer. Every replica has one; they never take the same picture. */
export class Dispatcher {
  readonly #store: Store;
  readonly #analyzer: Analyzer;
  readonly #options: DispatcherOptions;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #reporter: Reporter;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #loops: Promise<void>[] = [];

  constructor(
    store: Store,
    analyzer: Analyzer,
    options: DispatcherOptions,
    { log, metrics, reporter }: { log: Log; metrics: Metrics; reporter: Reporter },
  ) {
    this.#store = store;
    this.#analyzer = analyzer;
    this.#options = options;
    this.#log = log;
    this.#metrics = metrics;
    this.#reporter = reporter;
  }

  start(): void {
    this.#loops = [
      ...Array.from({ length: this.#options.concurrency }, () => this.#loop(() => this.step(), this.#options.poll)),
      this.#loop(async () => {
        await this.#store.sweep();
        return false;
      }, SWEEP_INTERVAL),
    ];
  }

  /** There may be work now. */
  wake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  /** Stops taking jobs and returns unfinished ones to the queue. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  async #loop(work: () => Promise<boolean>, pause: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const worked = await work().catch((error: unknown) => {
        this.#log.error({ error: describe(error) }, "the queue cannot be worked on");
        if (!isUnavailable(error)) {
          this.#reporter.report(error);
        }
        return false;
      });
      if (!worked) {
        const signal = AbortSignal.any([this.#stop.signal, this.#wake.signal]);
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Works on one picture; says whether there may be more to do at once. */
  async step(): Promise<boolean> {
    const claim = await this.#store.claim(randomUUID(), this.#options.timeout + LEASE_MARGIN);
    if (!claim) {
      return false;
    }
    const log = this.#log.child({ picture: claim.id });
    const end = this.#metrics.analysisTime.startTimer();
    try {
      // A process that took the job before may have crashed on it.
      if (claim.attempts > ATTEMPTS) {
        throw new Error("every process that worked on it ended");
      }
      const pieces: Buffer[] = [];
      for await (const piece of this.#store.content(claim.id)) {
        pieces.push(piece);
      }
      const analysis = await this.#analyzer.analyze(Buffer.concat(pieces), this.#stop.signal);
      await this.#store.complete(claim, analysis);
      this.#metrics.analyses.inc({ outcome: "done" });
      log.info({ seconds: end() }, "analyzed");
      return true;
    } catch (error) {
      await this.#failed(claim, error, log);
      return error instanceof PictureRefused;
    }
  }

  async #failed(claim: Claim, error: unknown, log: Log): Promise<void> {
    if (error instanceof PictureRefused) {
      this.#metrics.analyses.inc({ outcome: "refused" });
      log.info({ reason: error.message }, "refused");
      await this.#store.fail(claim, error.message);
    } else if (this.#stop.signal.aborted) {
      this.#metrics.analyses.inc({ outcome: "handed-back" });
      await this.#store.release(claim, 0, false);
    } else if (error instanceof AnalyzerUnavailable || isUnavailable(error)) {
      this.#metrics.analyses.inc({ outcome: "unavailable" });
      log.warn({ error: describe(error) }, "cannot be analyzed at the moment");
      await this.#store.release(claim, this.#options.poll, false);
    } else if (claim.attempts < ATTEMPTS) {
      this.#metrics.analyses.inc({ outcome: "broken" });
      log.error({ error: describe(error), attempt: claim.attempts }, "the analysis broke; it is tried again");
      await this.#store.release(claim, this.#options.poll * 2 ** claim.attempts, true);
    } else {
      this.#metrics.analyses.inc({ outcome: "given-up" });
      log.error({ error: describe(error) }, "given up");
      this.#reporter.report(error, { picture: claim.id });
      await this.#store.fail(claim, `The analysis broke ${ATTEMPTS} times and was given up.`);
    }
  }
}
