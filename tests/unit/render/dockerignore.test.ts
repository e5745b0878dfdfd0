import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { contextFiles } from "../../../render/images/context-hash";
import { realReaders } from "../../support/readers";

const FILES = [
  ..."a b build/main.py BUILD Build/x src/a/b/c.py src/a/b.py src/.env .env .dockerignore README.md readme.md".split(
    " ",
  ),
  ..."docs/README.md docs/a/README.md node_modules/x/index.js src/node_modules/y.js tmp/[a]/x a.b.c x!y !odd #odd".split(
    " ",
  ),
  ..."src/é/語.txt src/🚢/b deep/1/2/3/4/5 deep/1/2/keep deep/1/x.tmp a^b".split(" "),
];

/** Fragments of the patterns for the files above. */
const piece = fc.constantFrom(
  ..."* ** ? a b c src deep 1 2 build BUILD README.md readme.md *.md *.py .* .env node_modules é 語.txt 🚢 keep x.tmp".split(
    " ",
  ),
  ..."[a-c] [^a] [A-Z]* \\! \\# a^b \\[a\\] . .. **.py **/a a** *[.]md".split(" "),
);
const line = fc
  .record({
    before: fc.constantFrom("", "", "", "!", "!", "! ", "#", " ", "/", "!/", "./", "\u0085"),
    pieces: fc.array(piece, { minLength: 1, maxLength: 4 }),
    after: fc.constantFrom("", "", "", "/", " ", "\r", "\t", "/**", "/*"),
  })
  .map(({ before: start, pieces, after: end }) => start + pieces.join("/") + end);
const content = fc
  .record({ mark: fc.constantFrom("", "", "\ufeff"), lines: fc.array(line, { minLength: 1, maxLength: 5 }) })
  .map(({ mark, lines }) => mark + lines.join("\n"));

describe("The rules of .dockerignore", () => {
  let folder: string;
  let readers: Awaited<ReturnType<typeof realReaders>>;

  before(async function () {
    this.timeout(300_000);
    readers = await realReaders();
    folder = mkdtempSync(join(tmpdir(), "longshore-ignore-"));
    for (const file of FILES) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file);
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const ours = (text: string): string[] | string => {
    writeFileSync(join(folder, ".dockerignore"), text);
    try {
      return contextFiles(folder).filter((path) => path !== ".dockerignore");
    } catch (error) {
      return String(error);
    }
  };
  const compare = (texts: readonly string[]) => {
    const answers = readers(texts.map((text) => ({ reader: "dockerignore", text, folder })));
    return texts.map((text, index) => {
      const { value, error } = answers[index] ?? assert.fail();
      const theirs = (value as string[] | null)?.filter((path) => path !== ".dockerignore");
      return { text, ours: ours(text), theirs: error ?? theirs };
    });
  };
  const sorted = (paths: unknown) => (Array.isArray(paths) ? [...(paths as string[])].sort() : paths);

  it("are those of BuildKit's client, for any patterns", () => {
    for (const { text, ours: own, theirs } of compare(fc.sample(content, 1_500))) {
      if (typeof theirs === "string") {
        assert.equal(typeof own, "string", `${JSON.stringify(text)}: ${theirs}`);
      } else {
        assert.deepEqual(sorted(own), sorted(theirs), JSON.stringify(text));
      }
    }
  }).timeout(120_000);

  it("are case-sensitive", () => {
    assert.ok(ours("BUILD").includes("build/main.py"));
    assert.ok(!ours("BUILD").includes("BUILD"));
  });

  for (const pattern of ["[", "[a", "[]a]", "a[", "x\\", "[z-a]", "!"]) {
    it(`refuse ${pattern}, as BuildKit does`, () => {
      const [{ ours: own, theirs } = assert.fail()] = compare([pattern]);
      assert.equal(typeof theirs, "string");
      assert.match(String(own), /\.dockerignore: /);
    });
  }

  for (const pattern of ["\\d", "[*]", "[[:alpha:]]"]) {
    it(`refuse ${pattern}, which BuildKit takes for a regular expression`, () => {
      assert.match(String(ours(pattern)), /\.dockerignore: /);
    });
  }
});
