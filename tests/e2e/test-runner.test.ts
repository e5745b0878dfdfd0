import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { Checkout } from "../support/checkout";
import { docker } from "../support/end-to-end";

interface Tested {
  passed: boolean;
  systems: {
    system: string;
    passed: boolean;
    reports: { tests: number; failed: number; coverage: number };
  }[];
}

describe("longshore test, from a fresh checkout", function () {
  this.timeout(900_000);
  let checkout: Checkout;

  before(() => {
    checkout = new Checkout();
    checkout.presetLocal("config:\n  longshore:ports: { todo: 18142 }\n", "local-test");
  });

  after(async () => {
    await checkout.longshore("down", "--stack", "local-test", "--volumes", "--yes");
    checkout.remove();
  });

  it("tests a running system, keeps its reports, and leaves nothing behind (NS-08)", async () => {
    const before = await docker("ps", "--all", "--quiet");
    const { passed, systems } = await checkout.json<Tested>("test", "--system", "todo");
    assert.equal(passed, true);
    const [todo] = systems;
    assert.ok(todo && todo.reports.tests > 5 && todo.reports.failed === 0, JSON.stringify(systems));
    assert.ok(todo.reports.coverage > 0.4, `coverage ${todo.reports.coverage}`);
    for (const file of ["junit.xml", "coverage.xml"]) {
      assert.ok(existsSync(join(checkout.root, "reports", "todo", file)), file);
    }
    const left = await docker("ps", "--all", "--format", "{{.ID}} {{.Names}}");
    const own = left
      .split("\n")
      .filter((line) => /todo-local-test-/.test(line) && !before.includes(line.split(" ")[0] ?? ""));
    assert.deepEqual(own, []);
  });

  it("names a system that cannot be tested", async () => {
    const { code, stderr } = await checkout.longshore("test", "--system", "monitoring");
    assert.equal(code, 2);
    assert.match(stderr, /monitoring/);
  });
});
