import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { isDead, locksOf, pendingOperations, removeDeadLocks } from "../../cli/engine/locks";

describe("cli: what a killed engine leaves behind", () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), "longshore-state-"));
  });
  afterEach(() => {
    rmSync(state, { recursive: true });
  });

  /** A number above any process of Linux (its limit is 2^22). */
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

  it("removes the lock of a process that is gone, and no other", () => {
    const gone = lock("gone.json", holder(NOBODY));
    const elsewhere = lock("elsewhere.json", holder(NOBODY, "another-machine"));
    assert.deepEqual(
      removeDeadLocks(state, "longshore", "local").map(({ pid }) => pid),
      [NOBODY],
    );
    assert.equal(existsSync(gone), false);
    assert.equal(existsSync(elsewhere), true);
  });

  it("takes a living process for the engine only when it is one", () => {
    lock("mine.json", holder(process.pid));
    const [mine] = locksOf(state, "longshore", "local");
    assert.ok(mine);
    assert.equal(isDead(mine), true, "this test is no engine: the number was given to another process");
    assert.equal(
      isDead(mine, () => true),
      false,
    );
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
