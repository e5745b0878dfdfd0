import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { onFirstTouch } from "../../cli/engine/lazy-sdk";

describe("cli: loading the Pulumi SDK", function () {
  this.timeout(30_000);

  it("stands for a module that is loaded when it is first touched, once imports were compiled", () => {
    const loads: string[] = [];
    const module = onFirstTouch(() => {
      loads.push("now");
      return { answer: 42 };
    }) as { __esModule: boolean; answer: number };
    assert.equal(module.__esModule, true);
    assert.deepEqual(loads, []);
    assert.equal(module.answer, 42);
    assert.deepEqual(Object.keys(module), ["answer"]);
    assert.equal("answer" in module, true);
    assert.notDeepEqual(loads, []);
  });

  it("leaves out what only closures need, and closures still work", () => {
    const script = `
      require("./bin/load.cjs").load("cli/engine/sdk.ts");
      const has = (part) => Object.keys(require.cache).some((file) => file.includes(part));
      const before = [has("/typescript/lib/"), has("/@npmcli/arborist/")];
      const { runtime } = require("@pulumi/pulumi");
      runtime.serializeFunction(() => 6 * 7).then(({ text }) => {
        console.log(JSON.stringify({ before, works: text.includes("6 * 7") }));
      });`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], {
      cwd: resolve(__dirname, "../.."),
      encoding: "utf8",
    });
    assert.deepEqual(JSON.parse(stdout || "{}"), { before: [false, false], works: true }, stderr);
  });
});
