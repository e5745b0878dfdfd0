import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { reporters, Runner, type MochaOptions, type Test } from "mocha";
import type { ReportedEvent } from "./results";

/**
 * Mocha's spec reporter, which also appends every result to the file in LONGSHORE_TEST_RESULTS as it comes: a process that
 * crashes leaves behind what it has done and which test it was running.
 */
export default class ResultsReporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const file = process.env["LONGSHORE_TEST_RESULTS"];
    const write = (event: ReportedEvent) => {
      if (file !== undefined) {
        appendFileSync(file, `${JSON.stringify(event)}\n`);
      }
    };
    const of = (test: Test) => ({
      title: test.fullTitle(),
      file: test.file === undefined ? "" : relative(process.cwd(), test.file),
      ms: test.duration ?? 0,
    });
    const { constants } = Runner;
    runner.on(constants.EVENT_RUN_BEGIN, () => {
      write({ event: "start", title: "", file: "", ms: 0, total: runner.total });
    });
    runner.on(constants.EVENT_TEST_BEGIN, (test) => {
      write({ event: "begin", ...of(test) });
    });
    runner.on(constants.EVENT_TEST_PASS, (test) => {
      write({ event: "passed", ...of(test) });
    });
    runner.on(constants.EVENT_TEST_PENDING, (test) => {
      write({ event: "skipped", ...of(test) });
    });
    runner.on(constants.EVENT_TEST_FAIL, (test) => {
      write({ event: "failed", ...of(test) });
    });
    // A `before` that brings a system up takes longer than most tests.
    runner.on(constants.EVENT_HOOK_BEGIN, (hook) => {
      write({ event: "begin", ...of(hook as unknown as Test) });
    });
    runner.on(constants.EVENT_HOOK_END, (hook) => {
      write({ event: "hook", ...of(hook as unknown as Test) });
    });
    runner.on(constants.EVENT_RUN_END, () => {
      write({ event: "end", title: "", file: "", ms: 0 });
    });
    abortOnSignal(runner);
  }
}

/** Ends after the current test and its `after` hooks, which remove containers: on a signal, and when the parent is gone. */
function abortOnSignal(runner: Runner): void {
  const abort = () => {
    runner.abort();
  };
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) {
      clearInterval(watch);
      abort();
    }
  }, 2_000);
  watch.unref();
}
