import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "mocha";
import { lintDockerfiles } from "../../cli/images/scanners";
import { findHadolint } from "../../tools/hadolint";
import { repoRoot } from "../../tools/paths";

describe("Dockerfiles", () => {
  it("hold to hadolint's rules; exceptions are in .hadolint.yaml", async function () {
    this.timeout(180_000);
    const hadolint = await findHadolint((line) => {
      console.log(`    ${line}`);
    });
    const files = execFileSync("git", ["ls-files"], { cwd: repoRoot(), encoding: "utf8" })
      .split("\n")
      .filter((file) => /(^|\/)(Dockerfile(\.[\w-]+)?|[\w-]+\.Dockerfile)$/.test(file));
    assert.ok(files.length > 0);
    assert.deepEqual(await lintDockerfiles(hadolint, files, () => undefined), []);
  });
});
