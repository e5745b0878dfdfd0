import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { repoRoot } from "../../tools/paths";
import { findPulumi } from "../../tools/pulumi";

const { LONGSHORE_GCP_PROJECT: project, LONGSHORE_GCP_REGION: region = "us-central1" } = process.env;
const { LONGSHORE_GCP_SYSTEMS: systems = "todo", LONGSHORE_GCP_DOMAIN: domain = "longshore.invalid" } =
  process.env;
const STACK = "gcp-test";
const HOUR = 3_600_000;

/** A whole environment in a separate project. Opt-in, because it costs money and requires an account. */
describe("an environment on Google Cloud itself", function () {
  this.timeout(2 * HOUR);
  this.bail(true);
  const state = mkdtempSync(path.join(tmpdir(), "longshore-gcp-"));
  const file = path.join(repoRoot(), `Pulumi.${STACK}.yaml`);
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "of a throw-away stack",
  };

  const run = (command: string, words: readonly string[], input = ""): string => {
    const options = { cwd: repoRoot(), env, input, encoding: "utf8", maxBuffer: 2 ** 28 } as const;
    const { status, stdout, stderr } = spawnSync(command, words, options);
    assert.equal(status, 0, stdout + stderr);
    return stdout + stderr;
  };
  const longshore = (words: readonly string[], input?: string): string =>
    run(path.join(repoRoot(), "bin", "longshore"), [...words, "--stack", STACK], input);

  before(async function () {
    if (!project) {
      this.skip();
    }
    writeFileSync(
      file,
      [
        "config:",
        "  longshore:environment: dev",
        "  longshore:target: gcp",
        "  longshore:lifecycle: ephemeral",
        `  longshore:domain: ${domain}`,
        "  longshore:gcp:",
        `    project: ${project}`,
        `    region: ${region}`,
        "  longshore:systems:",
        ...systems.split(",").map((name) => `    - ${name}`),
        "  longshore:backups:",
        "    enabled: true",
        "",
      ].join("\n"),
      { flag: "wx" },
    );
    const { command } = await findPulumi(() => undefined);
    run(command, ["stack", "init", STACK]);
  });
  after(() => {
    if (project) {
      longshore(["down", "--yes"]);
      rmSync(file);
    }
    rmSync(state, { recursive: true });
  });

  it("comes up from nothing, and is ready when the command ends", () => {
    if (systems.split(",").includes("todo")) {
      longshore(["secrets", "set", "todo.openai-api-key"], "none\n");
    }
    longshore(["up", "--yes"]);
  });

  it("has nothing to do the second time", () => {
    assert.doesNotMatch(longshore(["up", "--yes"]), /\d+ (created|updated|replaced|deleted)/);
  });
});
