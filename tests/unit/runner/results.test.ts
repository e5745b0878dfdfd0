import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Job } from "../../runner/jobs";
import { currentTest, summarize, type ReportedEvent } from "../../runner/results";
import { closingLine, timingsOf, totalsOf, type JobOutcome } from "../../runner/summary";

const event = (kind: ReportedEvent["event"], title = "a test", ms = 5): ReportedEvent => ({
  ...{ event: kind, title, file: "tests/unit/a.test.ts", ms },
});
const done = [event("begin"), event("passed"), event("end")];

describe("the results of a test process", () => {
  it("counts what passed, failed and was skipped", () => {
    const events = [event("passed"), event("failed", "b"), event("skipped", "c"), event("end")];
    const { tests, problem } = summarize(events, 1);
    assert.deepEqual(
      tests.map(({ state }) => state),
      ["passed", "failed", "skipped"],
    );
    assert.equal(problem, undefined);
  });

  it("has a problem when the process ended during a test, and names the test", () => {
    const { problem } = summarize([event("passed"), event("begin", "the last one")], 0);
    assert.match(problem ?? "", /ended with code 0 during "the last one"/);
    assert.equal(currentTest([event("begin", "the last one")]), "the last one");
  });

  it("has a problem when no test ran, or the process failed after its tests", () => {
    assert.match(summarize([], 1).problem ?? "", /before its first test/);
    assert.match(summarize([event("end")], 0).problem ?? "", /got none/);
    assert.match(summarize(done, 3).problem ?? "", /all tests passed, but .* code 3/);
    assert.equal(summarize(done, 0).problem, undefined);
  });

  it("has a problem when the process was told to end before all tests ran", () => {
    const events = [{ ...event("start"), total: 2 }, ...done];
    assert.match(summarize(events, 0).problem ?? "", /expected 2 tests, got 1/);
    assert.equal(summarize([{ ...event("start"), total: 1 }, ...done], 0).problem, undefined);
  });
});

describe("the end of a run", () => {
  const job: Job = {
    ...{ title: "a", suite: "unit", command: "mocha", args: [], files: ["tests/unit/a.test.ts", "b"] },
    ...{ tools: [], locks: [], seconds: 1 },
  };
  const outcome = (more: Partial<JobOutcome> = {}): JobOutcome => ({
    ...{ job, seconds: 9, ...summarize(done, 0) },
    ...more,
  });

  it("counts a crash as a failure beside the tests that passed", () => {
    const totals = totalsOf([outcome(), outcome({ problem: "it crashed" })]);
    assert.deepEqual(totals, { passed: 2, failed: 1, skipped: 0 });
    assert.equal(closingLine(totals), "2 passed, 1 failed");
  });

  it("names skipped tests in the closing line only when there are some", () => {
    assert.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
    assert.equal(closingLine({ passed: 3, failed: 0, skipped: 2 }), "3 passed, 0 failed, 2 skipped");
  });

  it("lists the slowest first: a file of its own process with its loading time, others by their tests", () => {
    const single = { ...job, files: ["tests/e2e/todo.test.ts"] };
    const { files, tests } = timingsOf([outcome(), outcome({ job: single })]);
    assert.deepEqual(
      files.map(({ name, seconds }) => [name, seconds]),
      [
        ["tests/e2e/todo.test.ts", 9],
        ["tests/unit/a.test.ts", 0.005],
      ],
    );
    assert.equal(tests.length, 2);
  });
});
