import assert from "node:assert/strict";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLine, run, which, withLock } from "../../../tools/process";

/** Fails on any progress message, because no step here is slow. */
const unexpected = (line: string): never => assert.fail(line);

describe("running programs", () => {
  it("gives output, error lines as they come, and the exit code", async () => {
    const lines: string[] = [];
    const ran = await run("sh", ["-c", "cat; echo one >&2; echo two >&2; exit 3"], {
      input: "given",
      onLine: (line) => lines.push(line),
    });
    assert.deepEqual(ran, { code: 3, stdout: "given", stderr: "one\ntwo\n" });
    assert.deepEqual(lines, ["one", "two"]);
  });

  it("says 127 for a program that is not there and 124 for one that was too slow", async () => {
    assert.equal((await run("longshore-no-such-program", [])).code, 127);
    assert.equal((await run("sleep", ["60"], { timeoutMs: 50 })).code, 124);
  });

  it("finds programs in the order of the names, then of the PATH", async () => {
    assert.equal(await which(["longshore-no-such-program", "sh"], "/nowhere:/bin"), "/bin/sh");
    assert.equal(await which(["longshore-no-such-program"]), undefined);
  });

  it("takes the last line that says something", () => {
    assert.equal(lastLine("a\n  b \n\n"), "b");
    assert.equal(lastLine(""), "");
  });
});

describe("lock", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "longshore-lock-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it("lets one at a time work and frees itself after a failure", async () => {
    const file = join(folder, "deep", "lock");
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((done) => setTimeout(done, 20));
      inside--;
    };
    const said: string[] = [];
    await Promise.all([1, 2].map(() => withLock(file, (line) => said.push(line), work)));
    assert.equal(most, 1);
    assert.match(said.join(), /^waiting for another process/);
    await assert.rejects(
      withLock(file, unexpected, () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
    await assert.rejects(access(file));
  });

  it("is taken from a process that is gone", async () => {
    const file = join(folder, "lock");
    const { stdout } = await run("sh", ["-c", "echo $$"]);
    await writeFile(file, stdout.trim());
    assert.equal(
      await withLock(
        file,
        () => {},
        () => Promise.resolve("mine"),
      ),
      "mine",
    );
  });
});
