import assert from "node:assert/strict";
import fc from "fast-check";
import { loadAll } from "js-yaml";
import { kubernetesYaml, type KubernetesObject } from "../../render/kubernetes";

/** Text that some reader of YAML takes for a number, a date, a boolean, a tag, a comment or the end of a document. */
const AWKWARD = [
  ..."y Y n N yes no on off On OFF true False null NULL ~ = << .inf -.Inf .nan . .. -".split(" "),
  ..."0 00 01 0o7 0x1 0b1 1e3 1E3 1_000 1.5 .5 +1 -1 12:30 1:2:3.4 2001-01-01 2001-01-01T00:00:00Z 3Mi 250m 1k".split(
    " ",
  ),
  ..."10.0.0.0/8 10.0.0.0 1.2.3 - --- ... ? : , [ ] { } # & * ! | > ' % @ ` $ \\ //".split(" "),
  ...[
    "",
    " ",
    "  x",
    "x  ",
    "a: b",
    "a:",
    ":a",
    "a #b",
    "#a",
    "a# b",
    "- a",
    "? a",
    '"',
    "'a'",
    '"a"',
    "a, b",
    "[a",
    "{a}",
  ],
  ...[
    "!tag",
    "!!str a",
    "&a",
    "*a",
    "%YAML",
    "@a",
    "`a",
    "\t",
    "a\tb",
    "a\r",
    "a\r\nb",
    "\0",
    "\u0007",
    "\u007f",
    "\u0085",
  ],
  ...[
    "\u00a0",
    "\u2028",
    "a\u2029b",
    "\ufeff",
    "\ufffe",
    "ä",
    "日本",
    "🚢",
    "a\\nb",
    "C:\\x",
    "\\",
    "\\u0041",
    "null ",
    "a\u0085",
  ],
  ...[
    "\n",
    "\n\n",
    "a\n",
    "a\n\n",
    "a\nb",
    "\na",
    " a\nb",
    "a\n b\n",
    "a \nb",
    "a\n\n\nb\n",
    "a\n# b\n",
    "---\na\n",
    "a\n---\n",
  ],
  ...[
    "#!/bin/sh\nset -e\n\techo 1\n",
    "key: value\n",
    "a\n\t",
    "a\n ",
    "\ta\n",
    "a\n🚢\n",
    "a\u2028\nb",
    "x".repeat(200),
  ],
];

describe("kubernetesYaml", () => {
  const object = (data: Record<string, unknown>) =>
    ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x", labels: {} },
      data,
    }) as KubernetesObject<string>;
  const parsed = (objects: KubernetesObject<string>[]) => loadAll(kubernetesYaml(objects));

  it("keeps text that looks like something else, as value, as key and in a list", () => {
    for (const text of AWKWARD) {
      const objects = [
        object({ value: text, list: [text, [text], { [text || "empty"]: text }], [text]: { deep: text } }),
      ];
      assert.deepEqual(parsed(objects), objects, JSON.stringify(text));
    }
  });

  it("keeps any tree", () => {
    const string = fc.oneof(
      fc.constantFrom(...AWKWARD),
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        string,
        fc.integer(),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .map((number) => (Object.is(number, -0) ? 0 : number)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(
          string.filter((key) => key !== "__proto__"),
          tie("node"),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).node;
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 3 }), (nodes) => {
        const objects = nodes.map((node) => object({ node }));
        assert.deepEqual(parsed(objects), objects);
      }),
      { numRuns: 500 },
    );
  });

  it("leaves fields out that are undefined", () => {
    const yaml = kubernetesYaml([
      object({ gone: undefined, all: { gone: undefined }, list: [{ gone: undefined, kept: 1 }] }),
    ]);
    assert.deepEqual(loadAll(yaml), [object({ all: {}, list: [{ kept: 1 }] })]);
  });

  it("writes paths, references, quantities and networks without quotes, and scripts as blocks", () => {
    const data = {
      path: "/run/secrets",
      image: "registry.example/app:1.2@sha256:0a",
      memory: "64Mi",
      network: "10.0.0.0/8",
      script: "a\n\nb\n",
    };
    assert.equal(
      kubernetesYaml([object(data)]).split("\ndata:\n")[1],
      `  path: /run/secrets
  image: registry.example/app:1.2@sha256:0a
  memory: 64Mi
  network: 10.0.0.0/8
  script: |
    a

    b
`,
    );
  });

  it("refuses numbers that JSON has not", () => {
    assert.throws(() => kubernetesYaml([object({ number: Number.NaN })]), TypeError);
  });
});
