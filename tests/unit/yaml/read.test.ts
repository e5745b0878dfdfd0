import assert from "node:assert/strict";
import fc from "fast-check";
import { before, describe, it } from "mocha";
import { InexactYamlError, parseYaml } from "../../../yaml/read";
import { yamlText } from "../../../yaml/write";
import { realReaders, typed } from "../../support/readers";

/** Returns the problems of a document as `path: message` lines. */
const problems = (text: string): string[] => {
  try {
    parseYaml(text);
  } catch (error) {
    assert.ok(error instanceof InexactYamlError, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
};

describe("The YAML reader", () => {
  it("reads what every parser reads alike", () => {
    assert.deepEqual(
      parseYaml(
        "a: 1\nb: -0.5\nc: true\nd: [yes, no, on, 1.2.3, 12ab, 10:30, v1]\ne: ~\nf:\ng: '010'\nh: !!str 010\n2024: x\n",
      ),
      {
        a: 1,
        b: -0.5,
        c: true,
        d: ["yes", "no", "on", "1.2.3", "12ab", "10:30", "v1"],
        e: null,
        f: null,
        g: "010",
        h: "010",
        2024: "x",
      },
    );
    assert.equal(parseYaml(""), null);
    assert.equal(parseYaml("# only a comment\n"), null);
  });

  it("reads anchors, aliases and merge keys", () => {
    assert.deepEqual(parseYaml("a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}\n"), {
      a: { b: 1, c: 2 },
      d: { b: 1, c: 2 },
      e: { b: 1, c: 3 },
    });
  });

  it("reports every value that is not exact, with its path", () => {
    const other = "is read as another value by some YAML parsers";
    assert.deepEqual(
      problems(
        [
          "a: {guild: 1234567890123456789, day: 2024-01-01}",
          "list: [010, 2024_12, 0o17, 1e3, .5, +1, 0x1F, 1_000]",
          "010: x",
          "f: 0.1234567890123456789",
        ].join("\n"),
      ),
      [
        "a.guild: 1234567890123456789 is beyond ±9007199254740991, up to which a number is exact",
        `a.day: 2024-01-01 ${other}`,
        ...["010", "2024_12", "0o17", "1e3", ".5", "+1", "0x1F", "1_000"].map(
          (raw, index) => `list.${index}: ${raw} ${other}`,
        ),
        `010: 010 ${other}`,
        `f: 0.1234567890123456789 ${other}`,
      ],
    );
  });

  for (const [name, text] of Object.entries({
    "duplicate keys": "a: 1\na: 2\n",
    "a key that is written as text and as number": "1: a\n'1': b\n",
    "a null key": "~: 1\n",
    "explicit tags of other types": "a: !!int '3'\n",
    "two documents": "a: 1\n---\nb: 1\n",
  })) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parseYaml(text));
    });
  }

  it("reads back what the writer writes", () => {
    const value = { a: "2024_12", "010": ["1e3", 5, 0.25, true, null, "x\ny\n"] };
    assert.deepEqual(parseYaml(yamlText(value)), value);
  });

  describe("beside go-yaml v3, which the Pulumi CLI uses", () => {
    let readers: Awaited<ReturnType<typeof realReaders>>;
    before(async function () {
      this.timeout(300_000);
      readers = await realReaders();
    });

    it("reads any plain scalar alike or refuses it, as value and as key", () => {
      const numeric = fc.string({
        unit: fc.constantFrom(..."0123457890+-_.:eExXobBTZaf".split("")),
        maxLength: 8,
      });
      const word = fc.constantFrom(
        ..."y n Yes NO on Off true True TRUE false null Null ~ .inf -.INF .NaN inf 2024-1-1 2024-12-31T10:00:00Z 1.5 -2 007 1e3 0.10 = <<x 12:30:45 9007199254740993 1234567890123456789 0.30000000000000004".split(
          " ",
        ),
      );
      const texts = [...new Set([...fc.sample(numeric, 4_000), ...fc.sample(word, 200)])]
        // Excludes syntax indicators of YAML, which are not scalars.
        .filter((raw) => raw !== "" && !/^[-:]$|^-{3}$|^\.{3}$|:$/.test(raw) && raw !== "=");
      const documents = texts.flatMap((raw) => [`a: ${raw}\n`, `? ${raw}\n: 1\n`]);
      const answers = readers(documents.map((text) => ({ reader: "yaml.v3", text })));
      let read = 0;
      documents.forEach((text, index) => {
        let value: unknown;
        try {
          value = parseYaml(text);
        } catch {
          return;
        }
        read++;
        const { value: theirs, error } = answers[index] ?? assert.fail();
        assert.equal(error, undefined, text);
        // The Pulumi CLI converts keys to text.
        const keys = (fields: unknown) =>
          Object.fromEntries(
            Object.entries(fields as object).map(([key, item]) => [
              key.replace(/^[a-z]+:/, ""),
              item as unknown,
            ]),
          );
        const isKey = text.startsWith("?");
        assert.deepEqual(isKey ? keys(theirs) : theirs, isKey ? keys(typed(value)) : typed(value), text);
      });
      assert.ok(read > 500, `only ${read} of ${documents.length} were read`);
    });
  });
});
