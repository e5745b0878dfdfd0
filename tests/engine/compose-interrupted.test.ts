import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { sampleProgram, type SampleOptions } from "../support/compose-sample";
import { freePort, Load, TestStack } from "../support/compose-stack";
import { eventually } from "../support/wait";
import { children, descendants, killEngineOf } from "../support/processes";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a deployment that is interrupted", function () {
  this.timeout(120_000);
  let stack: TestStack;
  let url: string;
  let port: number;
  const program = (options: SampleOptions = {}) => sampleProgram("broken", port, options);

  before(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    stack = await TestStack.create("sample-broken");
  });
  after(() => {
    stack.remove();
  });

  /** Runs `up`, and acts on its processes once the output matches. */
  async function upUntil(
    pattern: RegExp,
    interrupt: (engine: number) => void | Promise<void>,
  ): Promise<string> {
    let done: void | Promise<void> = undefined;
    let seen = false;
    const text = await stack.upFails((output) => {
      if (!seen && pattern.test(output)) {
        seen = true;
        const engine = children(process.pid).find(({ command }) => command.includes("pulumi up"));
        assert.ok(engine, "the engine runs");
        done = interrupt(engine.pid);
      }
    });
    await Promise.resolve(done);
    return text;
  }

  it("killed while it is created: the next one completes it", async () => {
    stack.program = program();
    await upUntil(/starting (db|api)/, () => {
      killEngineOf(process.pid);
    });
    await stack.stack.cancel();
    await stack.up();
    assert.match(await (await fetch(url)).text(), /version=1/);
  });

  it("the engine killed in the middle of a roll: its provider ends, requests go on, the next one completes it", async () => {
    stack.program = program({ webVersion: "2", readyAfter: 3 });
    const load = new Load(`${url}/load`);
    await upUntil(/waiting for web/, async (engine) => {
      const providers = descendants(engine);
      process.kill(engine, "SIGKILL");
      await eventually("the provider has ended", () => providers.filter(isAlive), {
        until: (alive) => alive.length === 0,
      });
    });
    assert.equal(stack.containers("web").length, 2, "the new one beside the old one");
    await stack.stack.cancel();
    await stack.up();
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.match(await (await fetch(url)).text(), /version=2/);
    assert.equal(stack.containers("web").length, 1);
  });

  it("Ctrl-C: what was begun is undone, and the next one completes it", async () => {
    const before = stack.containers();
    stack.program = program({ webVersion: "3", readyAfter: 5 });
    const text = await upUntil(/waiting for web/, (engine) => {
      process.kill(engine, "SIGINT");
    });
    assert.match(text, /interrupted; run `up` again to finish/);
    assert.deepEqual(stack.containers(), before);
    assert.match(await (await fetch(url)).text(), /version=2/);
    await stack.up();
    assert.match(await (await fetch(url)).text(), /version=3/);
  });
});
