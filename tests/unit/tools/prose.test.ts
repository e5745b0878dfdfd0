import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { judge, roomOf, type Finding } from "../../../tools/prose/rooms";
import { proseOf } from "../../../tools/prose/sources";

const finding = (path: string): Finding => ({ path, line: 1, message: "" });

describe("Prose rooms", () => {
  it("are the first two folders of a file", () => {
    assert.equal(roomOf("cli/engine/secrets/set.ts"), "cli/engine");
    assert.equal(roomOf("cli/up.ts"), "cli");
    assert.equal(roomOf("README.md"), ".");
  });

  it("reject a finding in a room that is not listed", () => {
    const found = [finding("policy/rules/pods.ts")];
    assert.deepEqual(judge(found, { cli: 3 }), { excess: found, remaining: {} });
  });

  it("accept as many findings as listed and reject one more", () => {
    const found = [finding("cli/up.ts"), finding("cli/down.ts")];
    assert.deepEqual(judge(found, { cli: 2 }), { excess: [], remaining: { cli: 2 } });
    assert.deepEqual(judge(found, { cli: 1 }).excess, found);
  });

  it("have an allowance that never grows", () => {
    const room = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(fc.array(room), fc.dictionary(room, fc.nat(5)), (rooms, allowance) => {
        const { remaining } = judge(
          rooms.map((name) => finding(`${name}/file.ts`)),
          allowance,
        );
        for (const [name, count] of Object.entries(remaining)) {
          assert.ok(count <= (allowance[name] ?? 0));
        }
      }),
    );
  });
});

describe("Prose of code", () => {
  it("joins the lines of a comment without moving a column", () => {
    const code = "  /**\n   * for want\n   * of\n   */\n// x\n# y";
    const prose = proseOf(code);
    assert.match(prose, /for want\s+of/);
    assert.equal(prose.length, code.length);
    assert.equal(prose.indexOf("for want"), code.indexOf("for want"));
  });
});
