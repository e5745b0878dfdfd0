import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cronProblem, longestCronPeriod } from "../../settings/cron";

const HOUR = 3600;

describe("Cron expression", () => {
  it("has the longest time between two of its runs", () => {
    const periods = {
      "* * * * *": 60,
      "0 3 * * *": 24 * HOUR,
      "30 */6 * * *": 6 * HOUR,
      "0 3,15 * * 1": 156 * HOUR,
      "*/1 * * * 1-5": 48 * HOUR + 60,
      "0 3 1 * *": 31 * 24 * HOUR,
      "0 3 29 2 *": 4 * 365 * 24 * HOUR + 24 * HOUR,
      // The first of a month or a Monday.
      "0 3 1 * 1": 7 * 24 * HOUR,
    };
    for (const [schedule, seconds] of Object.entries(periods)) {
      assert.equal(longestCronPeriod(schedule), seconds, schedule);
    }
  });

  it("is rejected if a field is invalid or it never runs", () => {
    assert.equal(cronProblem("0 3 * * *"), undefined);
    assert.match(cronProblem("61 3 * * *") ?? "", /minute: 61/);
    assert.match(cronProblem("a b c d e") ?? "", /illegal/);
    assert.equal(cronProblem("0 3 31 2 *"), "never runs");
  });
});
