import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "mocha";
import { repoRoot } from "../../../tools/paths";
import { run, type CommandResult } from "../../../tools/process";
import { eventually, limit } from "../../support/wait";

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("the test runner", function () {
  this.timeout(60_000);
  let folder: string;
  let env: Record<string, string | undefined>;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore runner-"));
    const { LONGSHORE_TEST_RESULTS: _results, LONGSHORE_TEST_RUN: _run, ...rest } = process.env;
    env = {
      ...rest,
      XDG_CACHE_HOME: join(folder, "cache"),
      LONGSHORE_TEST_REPORTS: join(folder, "reports"),
      MARK: folder,
    };
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Writes a test file with these lines. */
  const file = (name: string, ...lines: string[]): string => {
    const path = join(folder, `${name}.test.ts`);
    writeFileSync(path, [`describe("a sample", () => {`, ...lines, `});`].join("\n"));
    return relative(repoRoot(), path);
  };
  const args = (...words: string[]) => ["--import", "tsx", "tests/run.ts", ...words];
  const runs = (...words: string[]): Promise<CommandResult> =>
    run(process.execPath, args(...words), { cwd: repoRoot(), env, timeoutMs: limit(60_000) });

  it("ends with its counts, and with 0 only when nothing failed; times are in a file", async () => {
    const good = await runs(file("good", `it("passes", () => {});`, `it.skip("is skipped", () => {});`));
    assert.match(good.stdout, /\n1 passed, 0 failed, 1 skipped\n$/);
    assert.equal(good.code, 0, good.stdout + good.stderr);
    const { totals, tests } = JSON.parse(readFileSync(join(folder, "reports", "tests.json"), "utf8")) as {
      totals: object;
      tests: { name: string }[];
    };
    assert.deepEqual(totals, { passed: 1, failed: 0, skipped: 1 });
    assert.ok(tests.some(({ name }) => name.endsWith("a sample passes")));
  });

  it("fails for a test that fails, for a process that exits with code 0 before its end, and for a file without tests", async () => {
    const bad = file("bad", `it("fails", () => { throw new Error("the reason"); });`);
    const gone = file("gone", `it("passes", () => {});`, `it("ends it", () => { process.exit(0); });`);
    const { code, stdout } = await runs(bad, gone, file("empty"));
    assert.equal(code, 1);
    assert.match(stdout, /\n1 passed, 3 failed\n$/);
    assert.match(stdout, /✖ .*bad[^]*the reason/);
    assert.match(stdout, /ended with code 0 during "a sample ends it"/);
    assert.match(stdout, /expected at least one test, got none/);
  });

  it("refuses a suite and a file that do not exist", async () => {
    const { code, stderr } = await runs("unti");
    assert.deepEqual([code, /expected .*, got unti/.test(stderr)], [2, true]);
    assert.equal((await runs("tests/unit/nowhere.test.ts")).code, 2);
  });

  it("ends its tests when it is told to end, lets them clean up, and fails", async () => {
    const slow = file(
      "slow",
      `it("waits", async () => {`,
      `  require("node:fs").writeFileSync(process.env.MARK + "/pid", String(process.pid));`,
      `  await new Promise((resolve) => setTimeout(resolve, 500));`,
      `});`,
      `it("never ends", async function () { this.timeout(0); for (;;) { await new Promise((resolve) => setTimeout(resolve, 100)); if (require("node:fs").existsSync(process.env.MARK + "/stop")) return; } });`,
      `it("does not begin", () => {});`,
      `after(() => { require("node:fs").writeFileSync(process.env.MARK + "/cleaned", ""); });`,
    );
    const child = spawn(process.execPath, args(slow), {
      cwd: repoRoot(),
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    child.stdout.on("data", (text: Buffer) => (printed += text.toString()));
    let isOver = false;
    const ended = new Promise<number | null>((resolve) => {
      child.on("close", (code) => {
        isOver = true;
        resolve(code);
      });
    });
    const pidFile = join(folder, "pid");
    await eventually(
      "the test has begun",
      () => {
        assert.ok(!isOver || existsSync(pidFile), printed);
        return existsSync(pidFile) && readFileSync(pidFile, "utf8");
      },
      { withinMs: 30_000 },
    );
    child.kill("SIGTERM");
    await eventually("the runner has heard it", () => printed, {
      until: (text) => text.includes("ending the tests"),
    });
    writeFileSync(join(folder, "stop"), "");
    assert.notEqual(await ended, 0);
    assert.match(printed, /interrupted: not everything was run[^]*[1-9]\d* failed\n$/);
    assert.ok(existsSync(join(folder, "cleaned")), printed);
    assert.ok(!isAlive(Number(readFileSync(pidFile, "utf8"))));
  });
});
