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

/** One system in Python and one in Node.js. The larger systems are tested manually. */
const SYSTEMS = {
  todo: { tests: 6, coverage: 0.4 },
  imaging: { tests: 12, coverage: 0.3 },
};

describe("longshore test, from a fresh checkout", function () {
  this.timeout(900_000);
  let checkout: Checkout;

  before(() => {
    checkout = new Checkout();
    const ports = Object.keys(SYSTEMS).map((system, index) => `${system}: ${18142 + index}`);
    checkout.presetLocal(`config:\n  longshore:ports: { ${ports.join(", ")} }\n`, "local-test");
  });

  after(async () => {
    await checkout.longshore("down", "--stack", "local-test", "--volumes", "--yes");
    checkout.remove();
  });

  for (const [name, least] of Object.entries(SYSTEMS)) {
    it(`tests ${name} as it runs, keeps its reports, and leaves nothing behind (NS-08)`, async () => {
      const before = await docker("ps", "--all", "--quiet");
      const started = Date.now();
      const { passed, systems } = await checkout.json<Tested>("test", "--system", name);
      const { tests, failed, coverage } = systems[0]?.reports ?? assert.fail(JSON.stringify(systems));
      const share = `${Math.round(coverage * 100)} % of the lines`;
      console.log(`      ${tests} tests, ${share}, ${((Date.now() - started) / 1000).toFixed(0)} s`);
      assert.deepEqual([passed, failed], [true, 0], JSON.stringify(systems));
      assert.ok(tests >= least.tests, `${tests} tests`);
      assert.ok(coverage > least.coverage, share);
      for (const file of ["junit.xml", "coverage.xml"]) {
        assert.ok(existsSync(join(checkout.root, "reports", name, file)), file);
      }
      const left = await docker("ps", "--all", "--format", "{{.ID}} {{.Names}}");
      const own = left
        .split("\n")
        .filter((line) => line.includes(`${name}-local-test-`) && !before.includes(line.split(" ")[0] ?? ""));
      assert.deepEqual(own, []);
    });
  }

  it("names a system that cannot be tested", async () => {
    const { code, stderr } = await checkout.longshore("test", "--system", "monitoring");
    assert.equal(code, 2);
    assert.match(stderr, /monitoring/);
  });
});
