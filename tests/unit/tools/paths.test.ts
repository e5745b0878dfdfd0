import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../providers/compose/project-folder";
import { cacheDir, dataDir, repoRoot } from "../../../tools/paths";

describe("folders", () => {
  it("follow XDG", () => {
    assert.equal(cacheDir({ HOME: "/h", XDG_CACHE_HOME: "/c" }), "/c/longshore");
    assert.equal(dataDir({ HOME: "/h", XDG_DATA_HOME: "/d" }), "/d/longshore");
  });

  it("have the usual places otherwise, also when the variable is empty or relative", () => {
    for (const value of [undefined, "", "relative"]) {
      assert.equal(cacheDir({ HOME: "/h", XDG_CACHE_HOME: value }), "/h/.cache/longshore");
      assert.equal(dataDir({ HOME: "/h", XDG_DATA_HOME: value }), "/h/.local/share/longshore");
    }
  });

  it("are the same for the compose provider, also when the variable is empty or relative", () => {
    const before = process.env["XDG_DATA_HOME"];
    try {
      for (const value of ["", "relative", "/d"]) {
        process.env["XDG_DATA_HOME"] = value;
        assert.equal(projectFolder("todo-local"), join(dataDir(), "projects", "todo-local"));
      }
    } finally {
      if (before === undefined) {
        Reflect.deleteProperty(process.env, "XDG_DATA_HOME");
      } else {
        process.env["XDG_DATA_HOME"] = before;
      }
    }
  });

  it("are computed in one place: no other source reads XDG_DATA_HOME or XDG_CACHE_HOME", () => {
    const pattern = String.raw`(env\.|env\["|xdg\(env, ")XDG_(DATA|CACHE)_HOME`;
    const sources = ["--", "*.ts", "*.cjs", ":!tests", ":!bench"];
    const files = execFileSync("git", ["grep", "-lE", pattern, ...sources], {
      cwd: repoRoot(),
      encoding: "utf8",
    });
    assert.deepEqual(files.trim().split("\n"), ["tools/paths.ts"]);
  });

  it("the repository's root holds Pulumi.yaml", () => {
    assert.ok(existsSync(join(repoRoot(), "Pulumi.yaml")));
  });
});
