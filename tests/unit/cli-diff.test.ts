import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { StackDifference } from "../../diff";
import { Checkout } from "../support/checkout";

describe("cli: diff", function () {
  this.timeout(120_000);
  let checkout: Checkout;

  before(() => {
    checkout = new Checkout();
  });
  after(() => {
    checkout.remove();
  });

  const edit = (file: string, from: string, to: string) => {
    const path = join(checkout.root, file);
    const text = readFileSync(path, "utf8");
    assert.ok(text.includes(from), `${file} has no ${from}`);
    writeFileSync(path, text.replace(from, to));
  };
  const restore = () => {
    checkout.git("checkout", "-q", ".");
  };

  it("finds nothing where nothing has changed", async () => {
    const { code, stdout } = await checkout.longshore("diff", "--against", "HEAD", "--fail-on", "changes");
    assert.equal(stdout, "dev: no changes\nprod: no changes\nstaging: no changes\n");
    assert.equal(code, 0);
  });

  it("shows a harmless and a dangerous change, each in its environment, and ends as asked", async () => {
    edit("stacks/todo.ts", 'setting("logLevel", "info"', 'setting("logLevel", "debug"');
    edit("Pulumi.prod.yaml", "region: us-central1", "region: us-east1");
    try {
      const { code, stdout, stderr } = await checkout.longshore(
        ...["diff", "--against", "HEAD", "--format", "json", "--fail-on", "dangerous"],
      );
      assert.equal(code, 1, stderr);
      const { stacks } = JSON.parse(stdout) as { stacks: StackDifference[] };
      const [dev, prod] = stacks;
      assert.deepEqual(
        dev?.differences.map(({ operation, name, dangers }) => [operation, name, dangers.length]),
        [["update", "backend", 0]],
      );
      const database = prod?.differences.find(({ name, system }) => name === "db" && system === "todo");
      assert.equal(database?.operation, "replace");
      assert.match(database.dangers.join(), /blocked by lifecycle: retain/);
      const text = await checkout.longshore("diff", "--against", "HEAD", "--stack", "dev");
      assert.equal(
        text.stdout,
        "dev: 1 change\n   ~ update    todo/backend Deployment\n       containers.backend.env.LOG_LEVEL: info → debug\n",
      );
    } finally {
      restore();
    }
  });

  it("knows an image by its source", async () => {
    edit("services/todo/backend/src/todo/api.py", "import", "# a change\nimport");
    try {
      const { stdout } = await checkout.longshore("diff", "--against", "HEAD", "--stack", "prod");
      assert.match(
        stdout,
        /todo\/backend Deployment\n +containers\.backend\.image: new build of \w{7} \(was \w{7}\)/,
      );
      assert.match(stdout, /run again todo\/migrate Job/);
    } finally {
      restore();
    }
  });

  it("says what it cannot compare with", async () => {
    const { code, stderr } = await checkout.longshore("diff", "--against", "nowhere");
    assert.equal(code, 2);
    assert.match(stderr, /--against: there is no commit, branch or tag nowhere/);
  });

  it("lists what an environment consists of, without a secret's value", async () => {
    const { stdout } = await checkout.longshore("resources", "--stack", "prod", "--json");
    const { stacks } = JSON.parse(stdout) as { stacks: { resources: { type: string; name: string }[] }[] };
    const resources = stacks[0]?.resources ?? [];
    assert.ok(resources.some(({ type }) => type === "gcp:container/cluster:Cluster"));
    assert.ok(resources.some(({ type, name }) => type === "apps/v1/Deployment" && name === "backend"));
    assert.match(stdout, /<secret todo\.openai-api-key>/);
  });
});
