import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { contextFiles, contextHash } from "../../render/images/context-hash";
import { sourcesIn } from "../../render/images/source-description";

describe("the hash of a build context", () => {
  let root: string;
  const source = { kind: "build", context: "app", dockerfile: "Dockerfile" } as const;
  const write = (path: string, content = path) => {
    mkdirSync(dirname(join(root, "app", path)), { recursive: true });
    writeFileSync(join(root, "app", path), content);
  };
  const hash = (changes: Partial<{ dockerfile: string; target: string }> = {}) =>
    contextHash(root, { ...source, ...changes });
  const files = () => contextFiles(join(root, "app"), "Dockerfile");

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "longshore-context-"));
    write("Dockerfile", "FROM scratch\n");
    write("src/main.py");
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it("is the same in another folder, at another time, under another umask", () => {
    const before = hash();
    assert.match(before, /^[0-9a-f]{64}$/);
    const file = join(root, "app", "src", "main.py");
    utimesSync(file, new Date(0), new Date(0));
    chmodSync(file, 0o600);
    chmodSync(join(root, "app", "src"), 0o700);
    assert.equal(hash(), before);
    const copy = mkdtempSync(join(tmpdir(), "longshore-context-"));
    try {
      for (const [path, content] of [
        ["src/main.py", "src/main.py"],
        ["Dockerfile", "FROM scratch\n"],
      ] as const) {
        mkdirSync(dirname(join(copy, "app", path)), { recursive: true });
        writeFileSync(join(copy, "app", path), content);
      }
      assert.equal(contextHash(copy, source), before);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  it("reads a file of several pieces whole", () => {
    const content = Buffer.alloc(2 * 2 ** 20 + 1, "longshore");
    const hashes = [
      content,
      content.subarray(1),
      Buffer.concat([content.subarray(0, -1), Buffer.from("x")]),
    ].map((bytes) => {
      writeFileSync(join(root, "app", "large"), bytes);
      return hash();
    });
    assert.equal(new Set(hashes).size, 3);
    // Computed independently, with the whole file as one field.
    assert.equal(hashes[0], "c0e044a2eb0ad74e76c745b7d4597ba7c92f838ec65db939ecf4523a67cdf8f5");
  });

  it("names the file and the pattern that BuildKit would refuse", () => {
    write(".dockerignore", "[");
    assert.throws(() => hash(), /app\/\.dockerignore: \[: expected characters or ranges in brackets/);
  });

  it("changes with what goes into the image", () => {
    const seen = new Set([hash(), hash({ target: "development" })]);
    write("src/main.py", "changed");
    seen.add(hash());
    write("src/other.py");
    seen.add(hash());
    chmodSync(join(root, "app", "src", "other.py"), 0o755);
    seen.add(hash());
    symlinkSync("main.py", join(root, "app", "src", "link.py"));
    seen.add(hash());
    write("Dockerfile", "FROM debian\n");
    seen.add(hash());
    assert.equal(seen.size, 7);
  });

  it("tells a file's name from its content", () => {
    write("a", "bc");
    const one = hash();
    rmSync(join(root, "app", "a"));
    write("ab", "c");
    assert.notEqual(hash(), one);
  });

  it("leaves out what .dockerignore names, except what it takes back, but never the Dockerfile", () => {
    write(
      ".dockerignore",
      "node_modules\n**/__pycache__\n*.md\n!README.md\ndocs\n!docs/api/*.json\nDockerfile\n",
    );
    const before = hash();
    write("node_modules/left/pad.js");
    write("src/deep/__pycache__/x.pyc");
    write("NOTES.md");
    write("docs/guide.txt");
    assert.equal(hash(), before);
    write("README.md");
    write("docs/api/schema.json");
    assert.deepEqual(files(), [".dockerignore", "README.md", "docs/api/schema.json", "src/main.py"]);
    const taken = hash();
    assert.notEqual(taken, before);
    write("Dockerfile", "FROM debian\n");
    assert.notEqual(hash(), taken);
  });

  it("prefers the ignore file of the Dockerfile itself", () => {
    write(".dockerignore", "src\n");
    write("Dockerfile.dockerignore", "*\n!src\n");
    assert.deepEqual(files(), ["src/main.py"]);
  });

  describe("with contexts beside its own", () => {
    const folder = { kind: "folder", path: "shared" } as const;
    const upon = { ...source, contexts: { shared: folder, base: { kind: "image", image: "base" } } } as const;
    const base = (target = "production") =>
      ({
        name: "base",
        source: { kind: "build", context: "base", dockerfile: "Dockerfile", target },
      }) as const;
    const put = (path: string, content: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    const whole = () => contextHash(root, upon, [base()]);

    beforeEach(() => {
      put("shared/lib.py", "1");
      put("base/Dockerfile", "FROM scratch\n");
    });

    it("changes with the folder, the base's files, its stage, its own base and the arguments", () => {
      const seen = new Set([hash(), whole()]);
      put("shared/lib.py", "2");
      seen.add(whole());
      put("base/Dockerfile", "FROM debian\n");
      seen.add(whole());
      seen.add(contextHash(root, upon, [base("small")]));
      seen.add(
        contextHash(root, upon, [{ name: "base", source: { kind: "upstream", reference: "debian:13" } }]),
      );
      const args = { MODEL: "small" };
      seen.add(contextHash(root, { ...upon, args }, [base()]));
      seen.add(contextHash(root, { ...upon, contexts: { other: folder } }, [base()]));
      assert.equal(seen.size, 8);
    });

    it("leaves out what the folder's own .dockerignore names", () => {
      put("shared/.dockerignore", "tests\n");
      const before = whole();
      put("shared/tests/test_lib.py", "1");
      assert.equal(whole(), before);
    });

    it("does not depend on the order in which they are written", () => {
      const { shared, base: basis } = upon.contexts;
      const turned = { ...upon, contexts: { base: basis, shared } };
      assert.equal(contextHash(root, turned, [base()]), whole());
    });

    it("says which folder is missing", () => {
      rmSync(join(root, "shared"), { recursive: true });
      assert.throws(whole, /shared: expected a folder, found nothing/);
    });
  });

  it("says what is missing", () => {
    assert.throws(() => hash({ dockerfile: "Nope" }), /app\/Nope: expected a Dockerfile, found nothing/);
    assert.throws(
      () => contextHash(root, { ...source, context: "none" }),
      /none: expected a folder with a Dockerfile/,
    );
  });

  it("is not built upon files that the user of an image could not read", () => {
    const describeSource = () => sourcesIn(root)({ ...source, args: {} }, { images: [] });
    assert.equal(describeSource().hash, hash());
    chmodSync(join(root, "app", "src", "main.py"), 0o640);
    assert.throws(
      describeSource,
      /app: expected files that everybody may read.*got 1 that some may not, such as src\/main\.py; run: chmod -R go\+rX app/s,
    );
    write(".dockerignore", "src\n");
    assert.equal(describeSource().hash, hash());
  });
});
