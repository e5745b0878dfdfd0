import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dayOf, describeDue } from "../src/lib/dates.ts";

const today = "2026-03-01";
const say = (due: string, done = false) => describeDue(due, today, done, "en-GB");

describe("due dates", () => {
  it("are said in words when they are near", () => {
    assert.deepEqual(say("2026-03-01"), { text: "Today", urgency: "today" });
    assert.deepEqual(say("2026-03-02"), { text: "Tomorrow", urgency: "later" });
    assert.deepEqual(say("2026-02-28"), { text: "Yesterday", urgency: "overdue" });
  });

  it("name the year only when it is another one", () => {
    assert.match(say("2026-03-06").text, /^Fri.* 6 Mar$/);
    assert.match(say("2027-01-04").text, /2027/);
    assert.doesNotMatch(say("2026-12-31").text, /2026/);
  });

  it("are overdue only while the todo is open", () => {
    assert.equal(say("2026-02-20").urgency, "overdue");
    assert.equal(say("2026-02-20", true).urgency, "later");
    assert.equal(say("2026-02-28", true).urgency, "later");
  });

  it("are the same day in every time zone, also where clocks change", () => {
    assert.deepEqual(describeDue("2026-03-30", "2026-03-29", false, "en-GB").text, "Tomorrow");
  });

  it("today is the person's own day, not Greenwich's", () => {
    assert.equal(dayOf(new Date(2026, 0, 5, 23, 59)), "2026-01-05");
    assert.equal(dayOf(new Date(2026, 0, 5, 0, 1)), "2026-01-05");
  });
});
