import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { split, type Job } from "../../runner/jobs";
import { nextJob, runAll, type Situation } from "../../runner/schedule";

const job = (title: string, more: Partial<Job> = {}): Job => ({
  ...{ title, suite: "e2e", command: "mocha", args: [], files: [], tools: [], locks: [], seconds: 10 },
  ...more,
});
const situation = (more: Partial<Situation> = {}): Situation => ({
  ...{ running: [], tools: { areSettled: () => true }, idle: 0, freeBytes: 2 ** 40, least: 2, most: 4 },
  ...more,
});
const kubernetes = { locks: ["kubernetes"] } as const;

describe("the order of test files", () => {
  it("starts the longest first, and counts what waits for the same lock as one", () => {
    const long = job("long", { seconds: 50 });
    assert.equal(nextJob([job("short"), long], situation()), long);
    const chain = [1, 2, 3].map((index) => job(`node ${index}`, { ...kubernetes, seconds: 20 }));
    assert.ok(chain.includes(nextJob([long, ...chain], situation()) ?? long));
  });

  it("starts static checks and unit tests before anything longer", () => {
    const quick = job("lint", { suite: "static", seconds: 1 });
    assert.equal(nextJob([job("long", { seconds: 500 }), quick], situation()), quick);
  });

  it("runs one holder of a lock at a time", () => {
    const running = [job("a", kubernetes)];
    assert.equal(nextJob([job("b", kubernetes)], situation({ running })), undefined);
    assert.equal(nextJob([job("b", kubernetes), job("c")], situation({ running }))?.title, "c");
  });

  it("leaves what waits for a tool until the tool is settled", () => {
    const tools = { areSettled: (needed: readonly string[]) => needed.length === 0 };
    const free = job("free", { seconds: 1 });
    assert.equal(nextJob([job("waits", { tools: ["pulumi"] }), free], situation({ tools })), free);
  });

  it("uses more lanes than processors only while those are idle and memory is free", () => {
    const running = [job("a"), job("b")];
    assert.equal(nextJob([job("c")], situation({ running })), undefined);
    assert.ok(nextJob([job("c")], situation({ running, idle: 0.5 })));
    assert.equal(nextJob([job("c")], situation({ running, idle: 0.5, freeBytes: 2 ** 20 })), undefined);
    const full = [...running, job("c"), job("d")];
    assert.equal(nextJob([job("e")], situation({ running: full, idle: 1 })), undefined);
  });

  it("runs every job once, and none that has not begun when it is aborted", async () => {
    const stop = new AbortController();
    const ran: string[] = [];
    const run = (each: Job) => {
      ran.push(each.title);
      if (ran.length === 3) {
        stop.abort();
      }
      return Promise.resolve(each.title);
    };
    const jobs = ["a", "b", "c", "d", "e"].map((title) => job(title));
    const options = { jobs, run, tools: { areSettled: () => true }, least: 1, most: 1 };
    const results = await runAll({ ...options, signal: stop.signal });
    assert.deepEqual(results, ["a", "b", "c"]);
    ran.length = 0;
    assert.deepEqual(
      (
        await runAll({
          ...options,
          run: (each) => Promise.resolve(each.title),
          signal: new AbortController().signal,
        })
      ).sort(),
      ["a", "b", "c", "d", "e"],
    );
  });

  it("splits many short files into groups of about equal time, and loses none", () => {
    const groups = split([9, 5, 5, 4, 3, 1], (seconds) => seconds, 3);
    assert.deepEqual(groups.flat().sort(), [1, 3, 4, 5, 5, 9]);
    assert.ok(groups.every((group) => group.reduce((sum, each) => sum + each, 0) === 9));
    assert.deepEqual(
      split([1], () => 1, 4),
      [[1]],
    );
  });
});
