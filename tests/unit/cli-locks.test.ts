import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import {
  isDead,
  locksOf,
  pendingOperations,
  removeDeadLocks,
  removePartialFiles,
  requireNoEngine,
  type EngineWorld,
} from "../../cli/engine/locks";
import { Failure } from "../../cli/support/failure";
import { runsAs, seesAllProcesses } from "../../tools/process-identity";

describe("cli: what a killed engine leaves behind", () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), "longshore-state-"));
  });
  afterEach(() => {
    rmSync(state, { recursive: true });
  });

  /** Above every process ID of Linux (the limit is 2^22). */
  const NOBODY = 4_200_000;

  function lock(name: string, content: object): string {
    const folder = join(state, ".pulumi", "locks", "organization", "longshore", "local");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  }
  const holder = (pid: number, host = hostname()) => ({
    pid,
    username: "ada",
    hostname: host,
    timestamp: "2026-01-02T03:04:05Z",
  });

  /** The view of the initial PID namespace when no engine runs. */
  const world = (more: Partial<EngineWorld> = {}): EngineWorld => ({
    host: hostname(),
    ended: [],
    seesAll: true,
    isEngine: () => false,
    ...more,
  });

  it("removes the lock of an engine that has ended on this machine, and no other", () => {
    const gone = lock("gone.json", holder(NOBODY));
    const elsewhere = lock("elsewhere.json", holder(NOBODY, "another-machine"));
    assert.deepEqual(
      removeDeadLocks(state, "longshore", "local", world()).map(({ pid }) => pid),
      [NOBODY],
    );
    assert.equal(existsSync(gone), false);
    assert.equal(existsSync(elsewhere), true);
  });

  it("respects a lock whose engine runs, or may run where this process cannot see it", () => {
    lock("mine.json", holder(process.pid));
    const [mine] = locksOf(state, "longshore", "local");
    assert.ok(mine);
    assert.equal(isDead(mine, world({ isEngine: (pid) => pid === process.pid })), false);
    assert.equal(isDead(mine, world({ seesAll: false })), false);
    assert.equal(isDead(mine, world()), true, "the number was given to another program");
  });

  it("removes the lock of a killed engine that longshore started, from any PID namespace and host name", () => {
    lock("ours.json", holder(NOBODY, "dev-container"));
    const [ours] = locksOf(state, "longshore", "local");
    assert.ok(ours);
    const engine = { pid: NOBODY, host: "dev-container", since: "2026-01-02T03:04:03Z" };
    const blind = (ended: EngineWorld["ended"]) => world({ seesAll: false, isEngine: () => true, ended });
    assert.equal(isDead(ours, blind([engine])), true);
    assert.equal(isDead(ours, blind([{ ...engine, pid: 1 }])), false);
    assert.equal(isDead(ours, blind([{ ...engine, host: "another" }])), false);
    assert.equal(isDead(ours, blind([{ ...engine, since: "2026-01-02T03:05:00Z" }])), false, "started later");
    assert.equal(isDead(ours, blind([{ ...engine, since: "2026-01-02T01:00:00Z" }])), false, "hours before");
  });

  it("refuses with exit code 3 while a hand-typed engine holds the state", () => {
    lock("hand.json", holder(1, "another-machine"));
    assert.throws(
      () => {
        requireNoEngine(state, "local");
      },
      (error) =>
        error instanceof Failure &&
        error.exitCode === 3 &&
        /expected no other change, got a Pulumi engine \(process 1 of ada on another-machine\)/.test(
          error.message,
        ),
    );
  });

  it("never calls a running engine dead, whatever the namespaces, hosts and numbers (property)", () => {
    const pid = fc.integer({ min: 1, max: 6 });
    const place = fc.record({
      host: fc.constantFrom("a", "b"),
      kernel: fc.constantFrom(1, 2),
      namespace: fc.constantFrom(0, 1, 2),
    });
    const engine = fc.record({
      place,
      pid,
      started: fc.integer({ min: 0, max: 20 }),
      ours: fc.boolean(),
      runs: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(engine, { minLength: 1, maxLength: 6 }), place, (engines, judge) => {
        // All engines marked `ours` have ended, because the judge holds the lock that each of them would hold. A PID is
        // used once per namespace.
        const key = ({ place: { kernel, namespace }, pid: number }: (typeof engines)[number]) =>
          `${kernel}/${namespace}/${number}`;
        const all = engines
          .map((one) => ({ ...one, runs: one.runs && !one.ours }))
          .filter((one, at, rest) => rest.findIndex((other) => key(other) === key(one)) === at)
          // Machines are distinguished by host name, so another kernel has another one.
          .map((one) => ({ ...one, host: `${one.place.host}${one.place.kernel}` }));
        const at = (second: number) => new Date(second * 1000).toISOString();
        const ended = all
          .filter((one) => one.ours)
          .map((one) => ({ pid: one.pid, host: one.host, since: at(one.started) }));
        const seesAll = judge.namespace === 0;
        const visible = all.filter(
          (one) =>
            one.runs &&
            one.place.kernel === judge.kernel &&
            (seesAll || one.place.namespace === judge.namespace),
        );
        const seen = world({
          host: `${judge.host}${judge.kernel}`,
          ended,
          seesAll,
          isEngine: (number) => visible.some((one) => one.pid === number),
        });
        for (const one of all) {
          const taken = {
            file: "f",
            pid: one.pid,
            hostname: one.host,
            username: "u",
            since: at(one.started + 1),
          };
          const couldBeOurs = ended.some((other) => other.pid === one.pid && other.host === one.host);
          if (one.runs && !couldBeOurs) {
            assert.equal(isDead(taken, seen), false);
          }
          if (one.ours) {
            assert.equal(isDead(taken, seen), true);
          }
        }
      }),
    );
  });

  it("finds a program by its number in another PID namespace", async function () {
    const unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if (!seesAllProcesses() || spawnSync("unshare", [...unshare, "true"]).status !== 0) {
      this.skip();
    }
    const program = join(state, "pulumi-stand-in");
    copyFileSync("/bin/sleep", program);
    chmodSync(program, 0o755);
    // The shell is process 1 of the namespace. The PID of its child there belongs to another process here.
    const child = spawn("unshare", [...unshare, "sh", "-c", `${program} 60 & echo $!; wait`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const [text] = (await once(child.stdout, "data")) as [Buffer];
      const number = Number(text.toString());
      assert.ok(number > 1 && number < 20);
      const until = Date.now() + 5_000;
      while (!runsAs(number, "pulumi") && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal(runsAs(number, "pulumi"), true);
      assert.equal(runsAs(number, "no-such-program"), false);
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
    }
    assert.equal(runsAs(NOBODY, "pulumi"), false);
  });

  it("loses the files that a killed engine had not finished writing, and nothing else", () => {
    const root = join(state, ".pulumi");
    const write = (path: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), "{");
      return join(root, path);
    };
    const partial = [
      write("stacks/longshore/local.json.bak.18ece2bfaa94b164.tmp"),
      write("history/longshore/local/local-1796058261115390171.checkpoint.json.18ece2bfaa94b165.tmp"),
      write("backups/longshore/local/local.1796058261115390171.json.18ece2bfaa94b166.tmp"),
      write("locks/organization/longshore/local/3f1b.json.18ece2bfaa94b167.tmp"),
    ];
    const others = [
      write("stacks/longshore/local.json"),
      write("stacks/longshore/local.json.bak"),
      write("stacks/longshore/local-dev.json.18ece2bfaa94b168.tmp"),
      write("history/longshore/local/local-1796058261115390171.checkpoint.json"),
    ];
    assert.deepEqual(removePartialFiles(state, "longshore", "local").sort(), partial.sort());
    assert.deepEqual(partial.filter(existsSync), []);
    assert.deepEqual(others.filter(existsSync), others);
    assert.deepEqual(removePartialFiles(join(state, "absent"), "longshore", "local"), []);
  });

  it("has no locks and no pending operations where there is no state, and skips what is no lock", () => {
    assert.deepEqual(locksOf(state, "longshore", "local"), []);
    assert.deepEqual(pendingOperations(state, "longshore", "local"), []);
    lock("broken.json", {});
    assert.deepEqual(locksOf(state, "longshore", "local"), []);
  });

  it("finds operations that were under way", () => {
    const folder = join(state, ".pulumi", "stacks", "longshore");
    mkdirSync(folder, { recursive: true });
    const urn = "urn:pulumi:local::longshore::compose:index:Project::todo";
    const latest = { pending_operations: [{ resource: { urn }, type: "creating" }] };
    writeFileSync(join(folder, "local.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));
    assert.deepEqual(pendingOperations(state, "longshore", "local"), [{ urn, type: "creating" }]);
  });
});
