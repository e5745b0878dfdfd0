import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { timerUnits } from "../../cli/backup/timer";

const ARGS = {
  stack: "local",
  calendar: "*-*-* 03:00:00",
  node: process.execPath,
  root: "/srv/longshore",
  options: ["--keep", "14"],
  env: { PATH: "/usr/bin" },
};

describe("Backup timer", () => {
  it("runs `longshore backup` of the stack, waits for other commands and makes up for missed times", () => {
    const { service, timer } = timerUnits(ARGS);
    assert.match(
      service,
      /^ExecStart=".*node" "\/srv\/longshore\/bin\/longshore" "backup" "--stack" "local" "--wait" "1h" "--keep" "14"$/m,
    );
    assert.match(timer, /^OnCalendar=\*-\*-\* 03:00:00$/m);
    assert.match(timer, /^Persistent=true$/m);
  });

  it("escapes what systemd would read as a specifier, a variable or a quote", () => {
    const { service } = timerUnits({
      ...ARGS,
      options: ["--to", '/mnt/100%/"a" $HOME\\b'],
      env: { XDG_DATA_HOME: "/d%t $x" },
    });
    assert.match(service, /"--to" "\/mnt\/100%%\/\\"a\\" \$\$HOME\\\\b"$/m);
    assert.match(service, /^Environment="XDG_DATA_HOME=\/d%%t \$x"$/m);
  });

  it("is a pair of units that systemd accepts", function () {
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0) {
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), "longshore-units-"));
    try {
      const { service, timer } = timerUnits({ ...ARGS, root: folder });
      const files = { "longshore-test.service": service, "longshore-test.timer": timer };
      Object.entries(files).forEach(([name, text]) => {
        writeFileSync(join(folder, name), text);
      });
      const paths = Object.keys(files).map((name) => join(folder, name));
      assert.equal(execFileSync("systemd-analyze", ["verify", ...paths], { stdio: "pipe" }).toString(), "");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
