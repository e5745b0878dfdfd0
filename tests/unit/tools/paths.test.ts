import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
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

  it("the repository's root holds Pulumi.yaml", () => {
    assert.ok(existsSync(join(repoRoot(), "Pulumi.yaml")));
  });
});
