import assert from "node:assert/strict";
import fc from "fast-check";
import { loadAll } from "js-yaml";
import { before, describe, it } from "mocha";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { escapeDollars } from "../../../render/compose/escape";
import { Tagged, yamlStream, yamlText } from "../../../yaml/write";
import { useDockerCli } from "../../support/docker-cli";
import { realReaders, typed, YAML_READERS } from "../../support/readers";

/** Texts that some YAML parser interprets as a number, date, boolean, tag, comment or end of a document. */
const AWKWARD = [
  // Inputs of go-yaml's resolver: underscores, upper-case prefixes, signs, short dates.
  ..."2024_12 1_000 0X1F +.5 -.5 2024-1-1 2024-1-1T1:2:3Z 0B11 0O17 -0x1 +0o7 1_.5_e1_0 _1 1__0 .1e3 +.inf 1:20 190:20:30.15".split(
    " ",
  ),
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

describe("The YAML writer", () => {
  const object = (data: Record<string, unknown>) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", labels: {} },
    data,
  });
  const places = (text: string) =>
    object({ value: text, list: [text, [text], { [text || "empty"]: text }], [text]: { deep: text } });
  const parsed = (objects: object[]) => loadAll(yamlStream(objects));

  /** Text similar to what parsers resolve: digits, signs, prefixes, separators. */
  const numeric = fc.string({
    unit: fc.constantFrom(..."01279+-_.:eExXoObBTtZ abyn/".split("")),
    maxLength: 9,
  });
  const string = fc
    .oneof(
      numeric,
      fc.constantFrom(...AWKWARD),
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
    )
    .filter((text) => !/[\ud800-\udfff]/u.test(text));
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

  it("keeps a string that looks like another type, as value, as key and in a list", () => {
    for (const text of AWKWARD) {
      const objects = [places(text)];
      assert.deepEqual(parsed(objects), objects, JSON.stringify(text));
    }
  });

  it("keeps any tree", () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 3 }), (nodes) => {
        const objects = nodes.map((node) => object({ node }));
        assert.deepEqual(parsed(objects), objects);
      }),
      { numRuns: 500 },
    );
  });

  describe("read by go-yaml v2 and v3 and sigs.k8s.io/yaml", () => {
    let readers: Awaited<ReturnType<typeof realReaders>>;
    before(async function () {
      this.timeout(300_000);
      readers = await realReaders();
    });

    it("keeps every string, as value, as key and in a list", () => {
      const texts = [...new Set([...AWKWARD, ...fc.sample(string, 3_000)])];
      const content = {
        list: texts,
        fields: Object.fromEntries(texts.map((text, index) => [`V${index}`, text])),
        keys: Object.fromEntries(texts.map((text, index) => [text, index])),
      };
      const text = yamlText(content);
      const answers = readers(YAML_READERS.map((reader) => ({ reader, text })));
      answers.forEach(({ value, error }, index) => {
        assert.equal(error, undefined, YAML_READERS[index]);
        assert.deepEqual(value, typed(content), YAML_READERS[index]);
      });
    });
  });

  describe("read by Docker Compose", () => {
    before(async function () {
      this.timeout(300_000);
      await useDockerCli();
    });

    it("keeps every string of a variable, a command and a label", () => {
      const texts = [...AWKWARD, ...fc.sample(string, 2_000)].filter((text) => !text.includes("\0"));
      const named = Object.fromEntries(texts.map((text, index) => [`V${index}`, text]));
      const folder = mkdtempSync(join(tmpdir(), "longshore-yaml-"));
      try {
        const file = join(folder, "compose.yaml");
        const service = { image: "x", command: texts, environment: named, labels: named };
        writeFileSync(file, yamlText(escapeDollars({ name: "x", services: { x: service } })));
        const args = ["compose", "-f", file, "config", "--format", "json"];
        const output = execFileSync("docker", args, { encoding: "utf8", maxBuffer: 1 << 28 });
        const read = (JSON.parse(output) as { services: { x: typeof service } }).services.x;
        // `config` prints a document as valid input, with its dollar signs doubled.
        const single = (text: string) => text.replaceAll("$$", "$");
        assert.deepEqual(read.command.map(single), texts);
        for (const found of [read.environment, read.labels]) {
          assert.deepEqual(Object.fromEntries(Object.entries(found).map(([k, v]) => [k, single(v)])), named);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  it("leaves undefined properties out", () => {
    const yaml = yamlText(
      object({ gone: undefined, all: { gone: undefined }, list: [{ gone: undefined, kept: 1 }] }),
    );
    assert.deepEqual(loadAll(yaml), [object({ all: {}, list: [{ kept: 1 }] })]);
  });

  it("writes paths, references, quantities and networks plain, and scripts as literal blocks", () => {
    const data = {
      path: "/run/secrets",
      image: "registry.example/app:1.2@sha256:0a",
      memory: "64Mi",
      network: "10.0.0.0/8",
      list: ["a", { b: 1, c: [] }],
      script: "a\n\nb\n",
    };
    assert.equal(
      yamlText(data),
      `path: /run/secrets
image: registry.example/app:1.2@sha256:0a
memory: 64Mi
network: 10.0.0.0/8
list:
- a
- b: 1
  c: []
script: |
  a

  b
`,
    );
  });

  it("writes tags of Compose before lists, mappings and empty lists", () => {
    const yaml = yamlText({
      a: new Tagged("!override", ["1"]),
      b: new Tagged("!reset", []),
      c: [new Tagged("!override", { d: 1 })],
    });
    assert.equal(yaml, `a: !override\n- "1"\nb: !reset []\nc:\n- !override\n    d: 1\n`);
  });

  for (const [name, value] of Object.entries({
    NaN: Number.NaN,
    "an infinite number": Infinity,
    "a function": () => 1,
    "a bigint": 1n,
    "half of a surrogate pair": "\ud800",
  })) {
    it(`refuses ${name}`, () => {
      assert.throws(() => yamlText({ value }), TypeError);
    });
  }
});
