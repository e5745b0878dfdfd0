import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { MARKER, markdownOf, type ResourceDifference } from "../../diff";
import { DEPLOYMENT } from "../support/diff-samples";

describe("diff: as a comment", () => {
  const difference = (dangers: string[], path = "spec.a", after = "b"): ResourceDifference => ({
    operation: "update",
    system: "todo",
    type: DEPLOYMENT,
    name: "backend",
    properties: [{ path, kind: "change", before: "a", after, replaces: false }],
    dangers,
  });

  it("begins with the mark by which it is found again, and says when nothing changes", () => {
    const text = markdownOf([{ stack: "prod", differences: [] }]);
    assert.equal(text, `${MARKER}\n### No environment changes\n`);
  });

  it("shows dangers in the open and the rest folded", () => {
    const text = markdownOf([
      { stack: "dev", differences: [] },
      { stack: "prod", differences: [difference(["scaled to zero: stops serving"]), difference([])] },
    ]);
    assert.match(text, /^### prod: 2 changes, 1 dangerous$/m);
    assert.match(text, /^No changes: dev\.$/m);
    assert.match(
      text,
      /\| ~ update \| `todo\/backend` Deployment \| scaled to zero: stops serving<br>`a: a → b` \|/,
    );
    assert.match(text, /<details><summary>prod: all 2 changes<\/summary>\n\n```diff\n! update todo\/backend/);
  });

  it("lets no value break out of the table or the block", () => {
    const text = markdownOf([
      { stack: "prod", differences: [difference(["x"], "spec.a", "|`</details>`|```")] },
    ]);
    const [row] = /^\| ~ update.*$/m.exec(text) ?? [];
    assert.ok(row);
    assert.equal(row.replaceAll("\\|", "").split("|").length, 5);
    assert.match(row, /`[^`]*<\/details>[^`]*`/, "as code, where a tag is no tag");
    assert.equal(text.match(/```/g)?.length, 2);
  });

  it("contains no link, image, tag or mention, for any names and dangers", () => {
    const hostile = fc
      .array(
        fc.constantFrom(
          "|",
          "\\",
          "`",
          "```",
          "<img src=x>",
          "@team",
          "[a](http://b)",
          "![",
          "\n",
          "#1",
          "x",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(hostile, hostile, hostile, (danger, name, after) => {
        const one = { ...difference([danger], "spec.a", after), name };
        const [row = ""] = markdownOf([{ stack: "prod", differences: [one] }])
          .split("\n")
          .filter((line) => line.startsWith("| ~"));
        // Splits a row as GitHub does: a backslash escapes the next character.
        const cells = row.match(/(\\.|[^|\\])+/g) ?? [];
        assert.equal(cells.filter((cell) => cell.trim() !== "").length, 3, row);
        // Removes code and escaped characters; only the rest can have a meaning in Markdown.
        const rest = row.replace(/`[^`]*`|\\./g, "").replaceAll("<br>", "");
        assert.doesNotMatch(rest, /[`<[\]!#]|@\w/, row);
      }),
    );
  });

  it("groups dangers that are too many, and says how many more there are", () => {
    const many = (count: number, danger: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => ({ ...difference([danger(index)]), name: `n${index}` }));
    const alike = markdownOf([
      { stack: "prod", differences: many(3_000, () => "scaled to zero: stops serving") },
    ]);
    assert.match(
      alike,
      /`todo\/n0`, .*`todo\/n4` and 2995 more Deployment \| scaled to zero: stops serving \|/,
    );
    for (const [count, stacks] of [
      [2_000, 1],
      [900, 4],
    ] as const) {
      const text = markdownOf(
        Array.from({ length: stacks }, (_, stack) => ({
          stack: `s${stack}`,
          differences: many(count, (index) => `danger ${index}`),
        })),
      );
      assert.ok(text.length <= 65_536, `${text.length} characters`);
      const shown = text.match(/^\| ~/gm)?.length ?? 0;
      const more = [...text.matchAll(/\*\*(\d+) more dangerous changes\*\*/g)].map(([, figure]) =>
        Number(figure),
      );
      assert.equal(shown + more.reduce((a, b) => a + b, 0), count * stacks);
    }
  });

  it("fits, whatever there is, and never leaves a danger out", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 300 }),
        (dangerous, harmless, size) => {
          const differences = [
            ...Array.from({ length: dangerous }, () =>
              difference(["scaled to zero: stops serving"], "spec.a", "x".repeat(size)),
            ),
            ...Array.from({ length: harmless }, () => difference([], "spec.a", "y".repeat(size))),
          ];
          const text = markdownOf([{ stack: "prod", differences }], 20_000);
          assert.ok(text.length <= 20_000, `${text.length} characters`);
          assert.equal(text.match(/scaled to zero: stops serving/g)?.length ?? 0, dangerous);
          assert.equal(text, markdownOf([{ stack: "prod", differences }], 20_000));
        },
      ),
      { numRuns: 60 },
    );
  });
});
