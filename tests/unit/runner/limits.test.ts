import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { slowness } from "../../runner/speed";
import { eventually, limit } from "../../support/wait";

describe("time limits of tests", () => {
  const saved = process.env["LONGSHORE_TEST_SLOWNESS"];
  // Mocha's limits are scaled when a test starts, which is after this hook.
  before(() => {
    process.env["LONGSHORE_TEST_SLOWNESS"] = "7.5";
  });
  after(() => {
    process.env["LONGSHORE_TEST_SLOWNESS"] = saved;
    if (saved === undefined) {
      delete process.env["LONGSHORE_TEST_SLOWNESS"];
    }
  });

  it("grow with the measured slowness, and have a bound", () => {
    assert.ok(limit(1000) >= 7500 && limit(1000) <= 8000, `${limit(1000)}`);
    process.env["LONGSHORE_TEST_SLOWNESS"] = "1000";
    assert.equal(slowness(), 8);
    process.env["LONGSHORE_TEST_SLOWNESS"] = "7.5";
  });

  it("are those of mocha too, also where a test sets one while it runs", function () {
    assert.ok(this.timeout() > 10_000 * 7, `${this.timeout()}`);
    this.timeout(20_000);
    assert.ok(this.timeout() >= 150_000, `${this.timeout()}`);
  });
});

describe("eventually", () => {
  it("returns the value that ended the wait, after looks that threw or did not hold", async () => {
    const looks = ["", "throws", "ready"];
    const found = await eventually(
      "it is ready",
      () => {
        const look = looks.shift() ?? "ready";
        assert.notEqual(look, "throws");
        return look;
      },
      { everyMs: 1 },
    );
    assert.equal(found, "ready");
    assert.equal(
      await eventually("three", () => looks.push("x"), { until: (count) => count >= 3, everyMs: 1 }),
      3,
    );
  });

  it("says what it waited for and what it saw last", async () => {
    const options = { withinMs: 5, everyMs: 1 };
    await assert.rejects(
      eventually("the queue is empty", () => ["a", "b"], {
        ...options,
        until: (queue) => queue.length === 0,
      }),
      /waited \d+ s for: the queue is empty; last saw: \[ 'a', 'b' \]/,
    );
    const refuse = () => Promise.reject(new Error("connection refused"));
    await assert.rejects(
      eventually("it answers", refuse, options),
      /it answers; last saw: connection refused/,
    );
  });

  it("does not outlast its limit with a look that hangs", async () => {
    const hang = () => new Promise<boolean>(() => undefined);
    await assert.rejects(eventually("it answers", hang, { withinMs: 5 }), /the first look has not ended/);
  });
});
