import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { composeProjectName } from "../../tools/compose-project-name";
import { Checkout } from "../support/checkout";
import { eventually } from "../support/wait";

const DUMP = "nexus-graph-20261121T020000Z.dump";

/** Neo4j is dumped while it stands still: whatever happens, it has to run again. */
describe("cli: backup and restore that are interrupted, with a stand-in for docker", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  let bin: string;
  let folder: string;

  before(() => {
    checkout = new Checkout();
    checkout.presetLocal("config:\n  longshore:systems: [nexus]\n");
    bin = join(checkout.folder, "bin");
    folder = join(checkout.data, "backups/local/nexus/graph");
    mkdirSync(bin);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(__dirname, "../support/fake-docker.cjs"), join(bin, "docker"));
    chmodSync(join(bin, "docker"), 0o755);
    const project = composeProjectName("nexus", "local", {
      ...process.env,
      XDG_DATA_HOME: checkout.dataHome,
    });
    const graph = { id: "graph-1", system: "nexus", service: "graph", project };
    writeFileSync(join(bin, "containers.json"), JSON.stringify([graph]));
  });
  beforeEach(() => {
    ["calls.txt", "done", "removed"].forEach((name) => {
      rmSync(join(bin, name), { force: true });
    });
  });
  after(() => {
    checkout.remove();
  });

  /** What docker was asked that changes something. */
  const calls = (): string[] =>
    existsSync(join(bin, "calls.txt"))
      ? readFileSync(join(bin, "calls.txt"), "utf8")
          .split("\n")
          .map((line) => line.replace(/^create .*/, "create"))
          .filter((line) => /^(create|start|stop|rm)\b/.test(line))
      : [];
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    await eventually(what, calls, { until: holds, everyMs: 20 });
  };

  /** Runs a command to the point where the job is under way, as the first of its process group, as in a terminal. */
  const begin = async (...args: string[]) => {
    const child = spawn("bin/longshore", args, {
      cwd: checkout.root,
      detached: true,
      env: {
        ...process.env,
        XDG_DATA_HOME: checkout.dataHome,
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        DOCKER_HOST: "unix:///nowhere.sock",
        NO_COLOR: "1",
      },
    });
    let output = "";
    [child.stdout, child.stderr].forEach((stream) =>
      stream.setEncoding("utf8").on("data", (text: string) => (output += text)),
    );
    const ended = once(child, "close") as Promise<[number | null, string | null]>;
    const { pid = 0 } = child;
    await until(`the job of ${args.join(" ")} runs`, () => calls().includes("start --attach job"));
    return {
      /** To the command alone, or as Ctrl-C to all that the terminal knows of. */
      signal: (name: NodeJS.Signals, { all = false } = {}) => process.kill(all ? -pid : pid, name),
      output: () => output,
      ended,
    };
  };

  for (const [signal, all] of [
    ["SIGINT", true],
    ["SIGTERM", false],
  ] as const) {
    it(`ends a dump at ${signal}, starts what stood still, and leaves no piece of a dump`, async () => {
      const command = await begin("backup", "nexus/graph");
      writeFileSync(join(folder, ".part-1.dump"), "half");
      command.signal(signal, { all });
      assert.deepEqual(await command.ended, [130, null], command.output());
      assert.deepEqual(calls(), [
        "create",
        "stop --time 120 graph-1",
        "start --attach job",
        "rm --force --volumes job",
        "start graph-1",
      ]);
      assert.match(command.output(), /^error: interrupted; not dumped: nexus\/graph$/m);
      assert.ok(!existsSync(join(folder, ".part-1.dump")));
    });
  }

  it("finishes a restore at the first Ctrl-C, for half of one is no data at all", async () => {
    writeFileSync(join(folder, DUMP), "x");
    const command = await begin("restore", "nexus/graph", "--yes");
    command.signal("SIGINT", { all: true });
    await until("it says so", () => command.output().includes("once more ends it"));
    writeFileSync(join(bin, "done"), "");
    assert.deepEqual(await command.ended, [0, null], command.output());
    assert.match(command.output(), /nexus\/graph is as in nexus-graph-/);
    assert.ok(calls().includes("start graph-1"));
  });

  it("ends a restore at the second one, starts what stood still, and says what that means", async () => {
    writeFileSync(join(folder, DUMP), "x");
    const command = await begin("restore", "nexus/graph", "--yes");
    command.signal("SIGINT", { all: true });
    await until("it says so", () => command.output().includes("once more ends it"));
    command.signal("SIGINT", { all: true });
    assert.deepEqual(await command.ended, [130, null], command.output());
    assert.deepEqual(calls().slice(-2), ["rm --force --volumes job", "start graph-1"]);
    assert.match(command.output(), /^error: interrupted; .*may have only a part of nexus-graph-.*\.dump/m);
  });
});
