import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const longshore = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(resolve(__dirname, "../../bin/longshore"), args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "" },
  });
  return { status, stdout, stderr };
};

describe("bin/longshore", function () {
  this.timeout(30_000);

  it("names the stack that was meant when there is none of that name", () => {
    const { status, stderr } = longshore("validate", "--stack", "prd");
    assert.equal(status, 2);
    assert.match(stderr, /There is no Pulumi\.prd\.yaml; did you mean prod\?/);
  });

  it("lists every command and the exit codes", () => {
    const { status, stdout } = longshore("--help");
    assert.equal(status, 0);
    const commands = [
      "up",
      "preview",
      "down",
      "status",
      "logs",
      "health",
      "exec",
      "render",
      "validate",
      "secrets",
      "doctor",
      "env",
      "version",
    ];
    for (const command of commands) {
      assert.match(stdout, new RegExp(`^  ${command} `, "m"));
      const help = longshore(command, "--help");
      assert.equal(help.status, 0, command);
      assert.match(help.stdout, /Exit codes: 0 done/, command);
    }
  });

  it("says its version, also for machines, with nothing else on standard output", () => {
    assert.match(longshore("version").stdout, /^longshore \d+\.\d+\.\d+ /);
    const { longshore: own } = JSON.parse(longshore("version", "--json").stdout) as { longshore: string };
    assert.match(own, /^\d+\.\d+\.\d+$/);
  });

  it("ends with 2 for an unknown command or option and names the nearest", () => {
    const unknown = longshore("previev");
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /unknown command 'previev'[^]*preview/);
    assert.equal(longshore("up", "--stak", "prod").status, 2);
    assert.equal(longshore("render", "compose", "--env", "production").status, 2);
  });

  it("ends with 2 for options that make no sense, before anything is looked at", () => {
    const age = longshore("clean", "--cache", "5x");
    assert.equal(age.status, 2);
    assert.match(age.stderr, /Expected hours or days such as 12h or 30d, got 5x/);
    const both = longshore("build", "--check", "--push");
    assert.equal(both.status, 2);
    assert.match(both.stderr, /'--check' cannot be used with option '--push'/);
    const image = longshore("build", "todo/fronted", "--print");
    assert.equal(image.status, 2);
    assert.match(image.stderr, /no image todo\/fronted is built here; did you mean todo\/frontend\?/);
  });

  it("shows every mistake of a settings file at once, with 2 and without a stack trace", () => {
    const folder = mkdtempSync(join(tmpdir(), "longshore-settings-"));
    try {
      const file = join(folder, "Pulumi.prod.yaml");
      writeFileSync(file, "config:\n  longshore:domian: example.com\n  longshore:gcp:\n    project: X\n");
      const { status, stderr } = longshore("validate", "--stack", "prod", "--config-file", file);
      assert.equal(status, 2);
      assert.match(stderr, /domian: .*did you mean domain\?/);
      assert.match(stderr, /gcp\.project: .*"X"/);
      assert.doesNotMatch(stderr, /^\s+at /m);
      const machine = longshore("validate", "--stack", "prod", "--config-file", file, "--json");
      assert.equal(machine.status, 2);
      const { valid, problems } = JSON.parse(machine.stdout) as {
        valid: boolean;
        problems: { path: string }[];
      };
      assert.equal(valid, false);
      assert.deepEqual(problems.map(({ path }) => path).sort(), ["domian", "gcp.project"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives machines a document also for a mistake", () => {
    const { status, stdout } = longshore("down", "--stack", "prod", "--json");
    assert.equal(status, 2);
    const { status: word, error } = JSON.parse(stdout) as { status: string; error: string };
    assert.equal(word, "failed");
    assert.match(error, /stack prod is protected/);
  });

  it("accepts the settings of this repository", () => {
    for (const stack of ["dev", "staging", "prod"]) {
      const { status, stderr } = longshore("validate", "--stack", stack);
      assert.equal(status, 0, stderr);
    }
  });

  it("names the contexts there are when the kubeconfig lacks a stack's cluster", () => {
    const { status, stderr } = longshore("status", "--stack", "prod", "--system", "todo");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^error: kubeconfig: expected the context gke_\S+…, got \S+.*; run: gcloud container clusters/,
    );
  });

  it("does not load the Pulumi SDK for what only needs documents", () => {
    const script = `require("./bin/load.cjs").load("cli/main.ts").main(["validate", "--stack", "prod"]).then(() => {
      const loaded = Object.keys(require.cache).filter((file) => file.includes("/@pulumi/"));
      if (loaded.length > 0) { console.error(loaded.slice(0, 3).join("\\n")); process.exitCode = 7; }
    });`;
    const { status, stderr } = spawnSync(process.execPath, ["-e", script], {
      cwd: resolve(__dirname, "../.."),
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  });
});
