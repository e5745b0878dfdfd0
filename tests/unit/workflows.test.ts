import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { load } from "js-yaml";
import { before, describe, it } from "mocha";
import { repoRoot } from "../../tools/paths";
import { run } from "../../tools/process";
import { findWorkflowLinters, type WorkflowLinters } from "../../tools/workflow-linters";
import { readActions, readWorkflows, stepsOf } from "../support/workflows";

const workflows = readWorkflows();
const actions = readActions();

describe("workflows", function () {
  this.timeout(300_000);
  let linters: WorkflowLinters;
  before(async () => {
    linters = await findWorkflowLinters((line) => {
      console.log(`    ${line}`);
    });
  });

  it("fit SchemaStore's schemas, and a broken one would not", () => {
    const schema = (name: string) =>
      new Ajv({ strict: false, validateFormats: false }).compile(
        JSON.parse(readFileSync(join(linters.schemas, name), "utf8")) as object,
      );
    const [workflow, action] = [schema("github-workflows.json"), schema("github-actions.json")];
    for (const { file, content } of workflows) {
      assert.ok(workflow(content), `${file}: ${JSON.stringify(workflow.errors)}`);
    }
    for (const { file, content } of actions) {
      assert.ok(action(content), `${file}: ${JSON.stringify(action.errors)}`);
    }
    assert.ok(!workflow({ on: "push", jobs: { a: { "runs-on": "x", step: [] } } }));
  });

  it("are clean for actionlint, and their scripts for shellcheck", async () => {
    const lint = (...args: string[]) =>
      run(linters.actionlint, ["-no-color", "-shellcheck", linters.shellcheck, ...args], { cwd: repoRoot() });
    const { code, stdout } = await lint();
    assert.equal(code, 0, stdout);
    const broken = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: cd $HOME\n";
    const found = await run(linters.actionlint, ["-shellcheck", linters.shellcheck, "-"], { input: broken });
    assert.match(found.stdout, /SC2086/, "shellcheck was not asked");
  });

  it("take actions by the hash of a release only, one hash each", () => {
    const used = [...workflows, ...actions].flatMap(({ file, text }) =>
      [...text.matchAll(/uses: (\S+)(.*)$/gm)].map(([, action = "", rest = ""]) => ({ file, action, rest })),
    );
    const others = used.filter(({ action }) => !action.startsWith("./"));
    assert.ok(others.length > 10);
    const hashes = new Map<string, Set<string>>();
    for (const { file, action, rest } of others) {
      const [, name = "", hash = ""] = /^([\w./-]+)@([0-9a-f]{40})$/.exec(action) ?? [];
      assert.ok(hash, `${file}: ${action} is not pinned by a hash`);
      assert.match(rest, /^ # v\d+\.\d+\.\d+$/, `${file}: ${action} does not say its release`);
      hashes.set(name, (hashes.get(name) ?? new Set()).add(hash + rest));
    }
    for (const [name, found] of hashes) {
      assert.equal(found.size, 1, `${name}: ${[...found].join(", ")}`);
    }
  });

  it("have few rights, an end, and no two runs that get in each other's way", () => {
    for (const { file, content } of workflows) {
      const { permissions = "all", jobs, concurrency, on } = content;
      assert.ok(
        JSON.stringify(permissions) === "{}" || JSON.stringify(permissions) === '{"contents":"read"}',
        `${file}: everything may ${JSON.stringify(permissions)}`,
      );
      for (const [name, job] of Object.entries(jobs)) {
        if (job.uses === undefined) {
          assert.ok(job["timeout-minutes"], `${file}: ${name} has no timeout`);
          assert.ok(concurrency ?? job.concurrency, `${file}: ${name} has no concurrency group`);
        }
        const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right === "write");
        const cloud = writes.some(([right]) => right === "id-token");
        assert.ok(
          !cloud || job.environment || job.uses,
          `${file}: ${name} has an identity without an environment`,
        );
        assert.ok(
          !("pull_request" in on) || !writes.some(([right]) => /contents|actions|packages/.test(right)),
        );
      }
    }
  });

  it("run nothing of a stranger's with rights, and put nothing of a stranger's into a script", () => {
    for (const { file, content, text } of [...workflows, ...actions]) {
      assert.doesNotMatch(text, /pull_request_target/, file);
      assert.doesNotMatch(
        text,
        /\bsecrets\./,
        `${file}: identities are short-lived; nothing is kept as a secret`,
      );
      for (const step of stepsOf(content)) {
        assert.doesNotMatch(
          step.run ?? "",
          /\$\{\{/,
          `${file}: a value belongs into env, not into the script`,
        );
        if (step.uses?.startsWith("actions/checkout@")) {
          assert.equal(step.with?.["persist-credentials"], false, `${file}: the token stays in the checkout`);
          assert.equal(step.with["ref"], undefined, `${file}: only the commit of the event is checked out`);
        }
        if (step.uses?.startsWith("actions/download-artifact@")) {
          assert.match(
            step.with?.["path"] ?? "",
            /^\$\{\{ runner\.temp \}\}\//,
            `${file}: it could replace code`,
          );
        }
      }
    }
    const identified = workflows.filter(
      ({ text, content }) => "pull_request" in content.on && /id-token/.test(text),
    );
    assert.deepEqual(
      identified.map(({ file }) => file),
      ["preview.yml"],
    );
    assert.match(identified[0]?.text ?? "", /head\.repo\.full_name == github\.repository/);
  });

  it("hold no logic: each script is one command", () => {
    for (const { file, content } of [...workflows, ...actions]) {
      for (const { run: script } of stepsOf(content)) {
        assert.doesNotMatch(script ?? "", /\n.|&&|;|\bif\b/, file);
      }
    }
  });

  it("are all there: a folder has no other file", () => {
    const files = readdirSync(join(repoRoot(), ".github", "workflows"));
    assert.deepEqual(files.sort(), workflows.map(({ file }) => file).sort());
    assert.ok(workflows.every(({ text }) => load(text)));
  });
});
