import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { CommandResult } from "../../tools/process";
import { CloudCheckout } from "../support/cloud-checkout";
import { GitHubApi } from "../support/github-api";
import { readActions, readWorkflows, stepsOf } from "../support/workflows";

const all = [...readWorkflows(), ...readActions()];
const scripts = [...new Set(all.flatMap(({ content }) => stepsOf(content).flatMap(({ run }) => run ?? [])))];

/**
 * Runs every `run:` step of the workflows in a checkout, like GitHub's shell. Stand-ins replace Google Cloud and the
 * cluster (the engine and its state are real), GitHub's API, Trivy (no database here), and the suite that `.ci/run`
 * runs.
 */
describe("the steps of the workflows", function () {
  this.timeout(600_000);
  this.bail(true);
  let checkout: CloudCheckout;
  const api = new GitHubApi();
  const executed = new Set<string>();
  let variables: Record<string, string>;

  before(async () => {
    checkout = await new CloudCheckout().open();
    checkout.presetLocal("config:\n  longshore:systems: [todo]\n");
    const tools = join(checkout.folder, "tools");
    mkdirSync(tools);
    cpSync(join(__dirname, "..", "support", "fake-trivy.cjs"), join(tools, "trivy"));
    checkout.env.PATH = [tools, checkout.env.PATH].join(delimiter);
    checkout.env.RUNNER_TEMP = checkout.folder;
    variables = {
      "matrix.stack": "prod",
      "inputs.stack": "prod",
      "github.token": "a-token",
      "vars.PULUMI_BACKEND_URL": checkout.env.PULUMI_BACKEND_URL ?? "",
    };
  });
  after(() => {
    api.stop();
    checkout.close();
  });

  /** Runs the script that equals the given text, or the only one that contains it, with the variables of its step. */
  async function execute(words: string, env: Record<string, string> = {}): Promise<CommandResult> {
    const exact = scripts.filter((script) => script === words);
    const found = exact.length > 0 ? exact : scripts.filter((script) => script.includes(words));
    assert.equal(found.length, 1, `${words}: ${found.join(" | ")}`);
    const [script = ""] = found;
    executed.add(script);
    const step = all.flatMap(({ content }) => stepsOf(content)).find(({ run }) => run === script);
    const given = Object.entries(step?.env ?? {}).map(([name, value]) => {
      const known = value.replace(/\$\{\{ (\S+) \}\}/g, (_, expression: string) => {
        assert.ok(expression in variables, `${script}: no value for ${expression}`);
        return variables[expression] ?? "";
      });
      return [name, known] as const;
    });
    const file = join(checkout.folder, "step.sh");
    writeFileSync(file, script);
    const variablesOfStep = { ...checkout.env, ...Object.fromEntries(given), ...env };
    return checkout.runWith(variablesOfStep, "bash", "--noprofile", "--norc", "-eo", "pipefail", file);
  }

  async function succeed(words: string, env: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await execute(words, env);
    assert.equal(code, 0, `${words}\n${stdout}\n${stderr}`);
    return stdout;
  }

  it("set up, and test: the golden suite stands for all of them", async () => {
    await succeed("make setup");
    assert.match(await succeed(".ci/run", { SUITES: "golden" }), /^[1-9]\d* passed, 0 failed$/m);
  });

  it("deploy, and find no drift", async () => {
    await checkout.initProd();
    assert.match(await succeed("up --stack"), /prod: \d+ created/);
    assert.match(await succeed("--expect-no-changes"), /prod: \d+ unchanged/);
  });

  it("show what a pull request changes, with and without an account, and comment on it", async () => {
    checkout.edit("stacks/todo.ts", 'setting("logLevel", "info"', 'setting("logLevel", "debug"');
    const sha = checkout.commit("Log more");
    assert.match(await succeed('bin/longshore preview --stack "$STACK"'), /todo-backend-deployment/);
    assert.equal((await execute("--expect-no-changes")).code, 1, "a difference is not found");

    await succeed("longshore diff");
    mkdirSync(join(checkout.folder, "diff"));
    cpSync(join(checkout.root, "diff.json"), join(checkout.folder, "diff", "diff.json"));
    api.pulls.push({ number: 3, base: "main", head: "someone:change", sha });
    const event = {
      repository: { full_name: "owner/repository", default_branch: "main" },
      workflow_run: {
        conclusion: "success",
        head_branch: "change",
        head_sha: sha,
        html_url: "https://github.example/run/1",
        head_repository: { full_name: "someone/repository", owner: { login: "someone" } },
      },
    };
    writeFileSync(join(checkout.folder, "event.json"), JSON.stringify(event));
    await succeed("longshore comment", {
      GITHUB_EVENT_PATH: join(checkout.folder, "event.json"),
      GITHUB_API_URL: await api.start(),
      GITHUB_STEP_SUMMARY: join(checkout.folder, "summary.md"),
    });
    assert.match(api.comments[0]?.body ?? "", /containers\.backend\.env\.LOG_LEVEL: info → debug/);
  });

  it("build all images and look into them", async () => {
    await succeed("longshore build");
    await succeed("longshore scan");
    const upload = readFileSync(join(checkout.root, "reports", "code-scanning.sarif"), "utf8");
    assert.equal((JSON.parse(upload) as { runs: unknown[] }).runs.length, 3);
  });

  it("rehearse restores, and fail where no datastore runs", async () => {
    const { code, stderr } = await execute("--rehearse", { STACK: "local" });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /no datastore with a backup runs on stack local/);
  });

  it("are all among these", () => {
    // tests/engine/registry-login.test.ts logs in to a registry with it.
    const elsewhere = scripts.filter((script) => script.startsWith("gcloud auth configure-docker "));
    assert.equal(elsewhere.length, 1);
    assert.deepEqual([...executed, ...elsewhere].sort(), [...scripts].sort());
  });
});
