import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");

describe("Output and signals of a command", () => {
  it("finishes the work and keeps its exit code when the readers of both outputs have gone", async function () {
    this.timeout(30_000);
    const folder = mkdtempSync(join(tmpdir(), "longshore-output-"));
    try {
      const file = join(folder, "done");
      const code = `
        const { surviveLostOutput } = require("./cli/support/output.ts");
        const problem = surviveLostOutput();
        let lines = 0;
        const timer = setInterval(() => {
          process.stdout.write("a line\\n");
          process.stderr.write("a line\\n");
          if (++lines === 40) {
            clearInterval(timer);
            process.stdout.write("last", () => {
              require("node:fs").writeFileSync(${JSON.stringify(file)}, String(problem()));
              process.exitCode = 7;
            });
          }
        }, 5);`;
      const child = spawn(process.execPath, ["--import", "tsx", "-e", code], {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
      });
      await once(child.stdout, "data");
      child.stdout.destroy();
      child.stderr.destroy();
      const [exitCode] = (await once(child, "exit")) as [number];
      assert.equal(exitCode, 7);
      assert.equal(readFileSync(file, "utf8"), "undefined");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("reports a full disk behind a redirection after the work", async function () {
    this.timeout(30_000);
    if (process.platform !== "linux") {
      this.skip();
    }
    const code = `
      const { surviveLostOutput } = require("./cli/support/output.ts");
      const problem = surviveLostOutput();
      process.stdout.write("a line\\n");
      setTimeout(() => process.stderr.write(String(problem())), 50);`;
    const child = spawn("sh", ["-c", 'exec "$0" --import tsx -e "$1" >/dev/full', process.execPath, code], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    await once(child, "close");
    assert.match(said, /ENOSPC/);
  });

  it("handles SIGINT, SIGTERM and SIGHUP in one place, so that no command ignores one of them", () => {
    const pattern = String.raw`process\.(on|once)\("SIG|process\.(on|once)\(signal`;
    const found = execFileSync("git", ["grep", "-lE", pattern, "--", "cli", "index.ts"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.deepEqual(found.trim().split("\n"), ["cli/support/interrupts.ts"]);
  });
});
