import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { commitBefore, type HistoryEntry } from "../../cli/engine/deployments";

/**
 * Parses a history, oldest first: `A` succeeded, `A!` failed, `A*` was deployed with uncommitted changes, `-` is a
 * destroy.
 */
const history = (...entries: string[]): HistoryEntry[] =>
  entries
    .map((entry, index): HistoryEntry => ({
      kind: entry === "-" ? "destroy" : "update",
      result: entry.endsWith("!") ? "failed" : "succeeded",
      startTime: `2026-11-${String(index + 1).padStart(2, "0")}T00:00:00.000Z`,
      environment: { "git.head": entry.replace(/[!*]/, ""), "git.dirty": String(entry.endsWith("*")) },
    }))
    .reverse();
const before = (...entries: string[]) => commitBefore(history(...entries))?.commit;

describe("The commit of a rollback", () => {
  it("is the one before the running one", () => {
    assert.equal(before("A", "B"), "A");
    assert.equal(before("A", "B", "B"), "A");
    assert.equal(commitBefore(history("A", "B"))?.at, "2026-11-01T00:00:00.000Z");
  });

  it("is the last that went well when the last did not", () => {
    assert.equal(before("A", "B", "C!"), "B");
    assert.equal(before("A", "B", "C!", "C!"), "B");
    assert.equal(before("A", "B!", "C", "D!"), "C");
  });

  it("is one further back after going back, not forward again", () => {
    assert.equal(before("A", "B", "C", "B"), "A");
    assert.equal(before("A", "B", "C", "B", "D"), "B");
  });

  it("is none where none is known", () => {
    assert.equal(before(), undefined);
    assert.equal(before("A"), undefined);
    assert.equal(before("A!"), undefined);
    assert.equal(before("A", "-", "B"), undefined, "what was destroyed is not gone back to");
    assert.equal(before("A", "B", "-"), undefined);
  });

  it("is never one with changes that no history holds", () => {
    assert.equal(before("A", "B*", "C"), "A");
    assert.equal(before("A", "A*"), "A");
    assert.equal(before("A*", "B"), undefined);
  });

  it("went well, whole, and is not what runs", () => {
    const entry = fc
      .tuple(fc.constantFrom("A", "B", "C", "D"), fc.constantFrom("", "", "!", "*"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const found = before(...entries);
        if (found !== undefined) {
          assert.ok(entries.includes(found));
          const running = entries.filter((one) => !one.endsWith("!")).at(-1);
          assert.ok(entries.at(-1)?.endsWith("!") || running !== found);
        }
      }),
    );
  });
});
