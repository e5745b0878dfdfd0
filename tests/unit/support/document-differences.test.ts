import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, it } from "mocha";
import { documentDifferences } from "../../support/document-differences";

const between = (from: unknown, to: unknown) =>
  documentDifferences(
    new Map([["a.json", JSON.stringify(from)]]),
    new Map([["a.json", JSON.stringify(to)]]),
  ).trim();

/** Small values of few words, so that two of them are often nearly equal; lists of named elements among them. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom(null, true, 0, 1, "", "a", "b", "a\nb\n", "a\nc\n"),
    fc.dictionary(fc.constantFrom("name", "a", "b"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.record({ name: fc.constantFrom("x", "y", "z"), value: fc.constantFrom(0, 1) }), {
      maxLength: 3,
    }),
  ),
}));
const object = fc.dictionary(fc.constantFrom("a", "b"), value, { maxKeys: 2, noNullPrototype: true });

describe("differences of documents", () => {
  it("tell apart any two results of one document set", () => {
    fc.assert(
      fc.property(object, object, object, (from, one, other) => {
        assert.equal(between(from, one) === between(from, other), isDeepStrictEqual(one, other));
      }),
      { numRuns: 2000 },
    );
  });

  it("name what changed, by object, path and element", () => {
    const container = (image: string, ...env: string[]) => ({
      spec: { containers: [{ name: "web", image, env: env.map((name) => ({ name, value: "1" })) }] },
    });
    assert.equal(
      between(container("web:1", "A", "C"), container("web:2", "A", "B", "C")),
      [
        "=== a.json",
        "+ spec containers web env B:",
        "    name: B",
        '    value: "1"',
        '~ spec containers web image: "web:1" → "web:2"',
      ].join("\n"),
    );
    assert.match(
      between(container("web:1", "C", "A"), container("web:1", "A", "C")),
      /in the order \["A","C"\]/,
    );
  });

  it("know an object by its kind and its name without the hash of its content", () => {
    const job = (hash: string) =>
      `kind: Job\nmetadata: { name: seed-${hash} }\n---\nkind: Service\nmetadata: { name: web }\n`;
    const [from, to] = ["0123456789", "abcdef0123"].map((hash) => new Map([["a.yaml", job(hash)]]));
    assert.equal(
      documentDifferences(from ?? assert.fail(), to ?? assert.fail()).trim(),
      '=== a.yaml\n~ Job/seed-# metadata name: "seed-0123456789" → "seed-abcdef0123"',
    );
  });

  it("compare other files by their lines, and show those that one side lacks", () => {
    const from = new Map([
      ["gone.conf", "x\n"],
      ["same.conf", "x\n"],
      ["web.conf", "a\nb\nc\nd\ne\nf\n"],
    ]);
    const to = new Map([
      ["new.conf", "y\n"],
      ["same.conf", "x\n"],
      ["web.conf", "a\nb\nc\nd\nE\nf\n"],
    ]);
    assert.equal(
      documentDifferences(from, to),
      "=== gone.conf\nabsent\n\n=== new.conf\nadded\n+y\n+\n\n=== web.conf\n@@\n c\n d\n-e\n+E\n f\n\n",
    );
  });
});
