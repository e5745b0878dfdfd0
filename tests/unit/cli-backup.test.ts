import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { composeProjectName } from "../../tools/compose-project-name";
import { ensureInstallation } from "../../tools/installation";
import { Checkout } from "../support/checkout";
import { eventually } from "../support/wait";

const RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const DUMP = "nexus-graph-20261121T020000Z.dump";

/** Neo4j is stopped during its dump and must be restarted in every case. */
describe("cli: backup and restore that are interrupted, with a stand-in for docker", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  let bin: string;
  let folder: string;

  before(() => {
    checkout = new Checkout();
    checkout.presetLocal(
      `config:\n  longshore:systems: [nexus]\n  longshore:backups:\n    recipients: [${RECIPIENT}]\n`,
    );
    bin = join(checkout.folder, "bin");
    folder = join(checkout.data, "backups/local/nexus/graph");
    mkdirSync(bin);
    ensureInstallation({ ...process.env, XDG_DATA_HOME: checkout.dataHome });
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(__dirname, "../support/fake-docker.cjs"), join(bin, "docker"));
    chmodSync(join(bin, "docker"), 0o755);
    const project = composeProjectName("nexus", "local", {
      ...process.env,
      XDG_DATA_HOME: checkout.dataHome,
    });
    const graph = { id: "graph-1", system: "nexus", service: "graph", project };
    const db = { ...graph, id: "db-1", service: "db", state: "exited" };
    const monitoring = composeProjectName("monitoring", "local", {
      ...process.env,
      XDG_DATA_HOME: checkout.dataHome,
    });
    const node = { id: "node-1", system: "monitoring", service: "node", project: monitoring };
    writeFileSync(join(bin, "containers.json"), JSON.stringify([graph, db, node]));
  });
  beforeEach(() => {
    ["calls.txt", "done", "removed"].forEach((name) => {
      rmSync(join(bin, name), { force: true });
    });
    readdirSync(folder).forEach((name) => {
      rmSync(join(folder, name));
    });
  });
  after(() => {
    checkout.remove();
  });

  /** Returns the recorded Docker calls that change something. */
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

  /** Starts a command as the leader of its process group, as a terminal does, and waits until its job runs. */
  const begin = async (...args: string[]) => {
    const command = start(...args);
    await until(`the job of ${args.join(" ")} runs`, isAttached);
    return command;
  };
  const isAttached = () => calls().some((line) => /^start --attach .*job$/.test(line));
  const start = (...args: string[]) => {
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
    return {
      /** Sends a signal to the command alone, or to its process group as Ctrl-C does. */
      signal: (name: NodeJS.Signals, { all = false } = {}) => process.kill(all ? -pid : pid, name),
      output: () => output,
      ended,
    };
  };

  for (const [signal, all] of [
    ["SIGINT", true],
    ["SIGTERM", false],
  ] as const) {
    it(`ends a dump at ${signal}, starts the datastore and leaves no piece of a dump`, async () => {
      const command = await begin("backup", "nexus/graph");
      assert.equal(readdirSync(folder).filter((file) => file.startsWith(".part-")).length, 1);
      command.signal(signal, { all });
      assert.deepEqual(await command.ended, [130, null], command.output());
      assert.deepEqual(calls(), [
        "create",
        "stop graph-1",
        "start --attach job",
        "rm --force --volumes job",
        "start graph-1",
      ]);
      assert.match(command.output(), /^error: interrupted; not dumped: nexus\/graph$/m);
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  it("dumps the other datastores when one does not run, and exits with 1", async () => {
    writeFileSync(join(bin, "done"), "");
    const command = start("backup", "--keep", "1");
    assert.deepEqual(await command.ended, [1, null], command.output());
    assert.match(command.output(), /^nexus\/graph +nexus-graph-000001-\d{8}T\d{6}Z\.dump\.age/m);
    assert.match(
      command.output(),
      /1 of 2 datastores have no new dump\n.*nexus\/db: does not run \(exited\)/,
    );
    const [dump = "", checksum] = readdirSync(folder).sort();
    assert.equal(checksum, `${dump}.sha256`);
    assert.equal(statSync(join(folder, dump)).mode & 0o777, 0o600);
    assert.match(readFileSync(join(folder, dump), "utf8"), /^age-encryption\.org\/v1\n/);
    // Renames the dump as if the clock had been set back since. It is then the newest and must be kept.
    const later = dump.replace(/-\d{8}T/, "-29991231T");
    renameSync(join(folder, dump), join(folder, later));
    const second = start("backup", "nexus/graph", "--keep", "1");
    assert.deepEqual(await second.ended, [0, null], second.output());
    const left = readdirSync(folder).filter((file) => file.endsWith(".age"));
    assert.equal(left.length, 1);
    assert.match(left[0] ?? "", /^nexus-graph-000002-/);
  });

  it("gives the monitoring the ages of scheduled dumps, with the datastores that have none", async () => {
    const schedules = join(checkout.data, "backup-schedules");
    mkdirSync(schedules, { recursive: true });
    const since = { "nexus/db": "2026-11-01T00:00:00.000Z", "nexus/gone": "2026-11-01T00:00:00.000Z" };
    const record = { calendar: "daily", periodSeconds: 86400, stores: [], systems: [], since };
    writeFileSync(join(schedules, "local.json"), JSON.stringify(record));
    writeFileSync(join(bin, "done"), "");
    const started = Math.floor(Date.now() / 1000);
    const command = start("backup", "nexus/graph");
    assert.deepEqual(await command.ended, [0, null], command.output());
    const metrics = readFileSync(join(bin, "copied"), "utf8");
    const valueOf = (name: string, service: string) =>
      Number(
        new RegExp(
          `^longshore_backup_${name}_timestamp_seconds{system="nexus",service="${service}"} (\\d+)$`,
          "m",
        ).exec(metrics)?.[1],
      );
    assert.ok(valueOf("last_success", "graph") >= started, metrics);
    assert.ok(valueOf("due", "graph") >= started + 86400 + 3600, metrics);
    assert.equal(valueOf("due", "db"), Date.UTC(2026, 10, 2, 1) / 1000);
    assert.doesNotMatch(metrics, /last_success[^\n]*service="db"|service="gone"/);
    const status = start("status");
    await status.ended;
    assert.match(
      status.output(),
      /^nexus\/db: no backup; by its schedule the next one was due \d+ \w+ ago$/m,
    );
    assert.match(status.output(), /^nexus\/graph: last backup \d[.\d]* s ago$/m);
    const doctor = start("doctor");
    await doctor.ended;
    assert.match(
      doctor.output(),
      /warn +backups +overdue: local: nexus\/db has no backup; the last run's\s+error/,
    );
    rmSync(schedules, { recursive: true });
  });

  it("removes the job of a killed command, which would switch to its dump later, before it starts its own", async () => {
    writeFileSync(join(bin, "orphan"), "");
    writeFileSync(join(bin, "done"), "");
    const command = start("backup", "nexus/graph");
    assert.deepEqual(await command.ended, [0, null], command.output());
    rmSync(join(bin, "orphan"));
    assert.deepEqual(calls().slice(0, 2), ["rm --force --volumes orphan-1", "create"]);
    const recorded = readFileSync(join(bin, "calls.txt"), "utf8");
    assert.match(recorded, /^ps --all --quiet --filter label=longshore\.backup-job=\S+\/nexus\/graph$/m);
    assert.match(recorded, /^create --label longshore\.backup-job=\S+\/nexus\/graph /m);
  });

  it("finishes a restore at the first Ctrl-C", async () => {
    writeFileSync(join(folder, DUMP), "x");
    const command = await begin("restore", "nexus/graph", "--yes");
    command.signal("SIGINT", { all: true });
    await until("it says so", () => command.output().includes("press Ctrl-C again to abort"));
    writeFileSync(join(bin, "done"), "");
    assert.deepEqual(await command.ended, [0, null], command.output());
    assert.match(command.output(), /nexus\/graph: restored nexus-graph-/);
    assert.ok(calls().includes("start graph-1"));
  });

  it("aborts a restore at the second Ctrl-C, removes what it left and starts the datastore", async () => {
    writeFileSync(join(folder, DUMP), "x");
    const command = await begin("restore", "nexus/graph", "--yes");
    command.signal("SIGINT", { all: true });
    await until("it says so", () => command.output().includes("press Ctrl-C again to abort"));
    command.signal("SIGINT", { all: true });
    await until("it recovers", () => calls().filter((line) => line === "create").length === 2);
    writeFileSync(join(bin, "done"), "");
    assert.deepEqual(await command.ended, [130, null], command.output());
    assert.deepEqual(calls().slice(-2), ["rm --force --volumes job", "start graph-1"]);
    assert.match(
      command.output(),
      /^error: interrupted; nexus\/graph has either its data from before or all of /m,
    );
  });
});
