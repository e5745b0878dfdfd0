import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listContainers, reasonOfExit } from "../../providers/compose/containers";
import { canWriteLive } from "../../providers/compose/digests";
import type { Log } from "../../providers/compose/engine";
import { Cancelled, PartialError } from "../../providers/compose/errors";
import { DEFAULTS, type DocumentService } from "../../providers/compose/inputs";
import { notingStops, pendingStops } from "../../providers/compose/pending-stops";
import { projectHandler } from "../../providers/compose/project";
import { projectFolder } from "../../providers/compose/project-folder";
import { ProjectRunner } from "../../providers/compose/project-runner";
import { isSettled, rollService } from "../../providers/compose/roll-service";
import { readUnfinished } from "../../providers/compose/unfinished";
import { FakeDaemon } from "../support/fake-daemon";

const LOG: Log = { status: () => undefined, info: () => undefined, warning: () => undefined };
const STORE = { image: "image", volumes: ["data:/data"] };

describe("A rollout", () => {
  let daemon: FakeDaemon;
  let abort: AbortController;
  beforeEach(() => {
    daemon = new FakeDaemon();
    abort = new AbortController();
    daemon.template = { volumes: ["data"] };
  });
  afterEach(() => {
    assert.deepEqual(daemon.double, [], "two containers ran on one volume");
    daemon.remove();
  });

  function runner(definition: DocumentService = STORE, secret = "new-password"): ProjectRunner {
    const folder = join(projectFolder("p"), "releases", "current");
    const inputs = {
      ...DEFAULTS,
      project: "p",
      document: { services: { db: definition }, secrets: { acl: { file: "secrets/db/acl" } } },
      secretFiles: { "secrets/db/acl": { content: secret, user: 0, live: true } },
    };
    const release = { name: "current", folder, file: join(folder, "compose.yaml") };
    const hashes = new Map([["db", "new"]]);
    const images = new Map([["image", "image"]]);
    return new ProjectRunner(inputs, release, hashes, images, LOG, abort.signal, () => false);
  }

  it("replaces a datastore: the new container starts when the old one has exited", async () => {
    daemon.add({
      id: "old",
      state: "running",
      hash: "old",
      volumes: ["data"],
      started: "2026-01-01T00:00:00Z",
    });
    await rollService(runner(), "db");
    assert.equal(daemon.stateOf("old"), undefined);
    assert.equal(daemon.running().length, 1);
    assert.deepEqual(
      daemon.calls("stop", "start", "rm").map((line) => line.split(" ")[0]),
      ["stop", "start", "rm"],
    );
  });

  it("starts nothing beside a datastore that does not stop", async () => {
    daemon.behaviour.stopFails = true;
    daemon.add({ id: "old", state: "running", hash: "old", volumes: ["data"] });
    await assert.rejects(rollService(runner(), "db"), /db: container old did not stop/);
    assert.deepEqual(daemon.calls("start"), []);
    assert.deepEqual(daemon.running(), ["old"]);
  });

  it("starts the previous container again when it is interrupted while that one stops", async () => {
    daemon.add({
      id: "old",
      state: "running",
      hash: "old",
      volumes: ["data"],
      started: "2026-01-01T00:00:00Z",
    });
    daemon.behaviour.onCommand = (line) => {
      if (line.startsWith("stop ")) {
        abort.abort();
      }
    };
    await assert.rejects(rollService(runner(), "db"), Cancelled);
    assert.deepEqual(daemon.running(), ["old"]);
    assert.equal(daemon.all().length, 1);
  });

  it("starts the previous container again when the new one fails, also the one that an earlier run had stopped", async () => {
    daemon.behaviour.brokenHash = "new";
    daemon.add({
      id: "old",
      state: "exited",
      hash: "old",
      volumes: ["data"],
      started: "2026-01-01T00:00:00Z",
    });
    await assert.rejects(rollService(runner(), "db"), /exited with code 3/);
    assert.deepEqual(daemon.running(), ["old"]);
    assert.equal(daemon.all().length, 1);
  });

  it("says that the previous container could not be started either", async () => {
    daemon.behaviour.brokenHash = "new";
    daemon.add({
      id: "old",
      state: "exited",
      hash: "old",
      volumes: ["data", "more"],
      started: "2026-01-01T00:00:00Z",
    });
    daemon.add({ id: "foreign", project: "q", state: "running", volumes: ["more"] });
    await assert.rejects(
      rollService(runner(), "db"),
      /exited with code 3\nrolling back failed: db: expected no other container on volume more, got foreign of project q/,
    );
  });

  it("stops a datastore to its end, and starts it again, after a stop that was killed", async () => {
    daemon.add({ id: "abc", state: "running", health: "healthy", volumes: ["data"] });
    const killed = notingStops("p", ["abc"], () => Promise.reject(new Error("killed")));
    await assert.rejects(killed);
    assert.equal(readUnfinished("p"), "an interrupted stop");
    const run = runner();
    assert.ok(!isSettled(run, "db", await listContainers("p")), "it is about to exit");
    await rollService(run, "db");
    assert.deepEqual(daemon.calls("stop", "start"), ["stop abc", "start abc"]);
    assert.deepEqual([daemon.running(), [...pendingStops("p")]], [["abc"], []]);
    assert.ok(isSettled(run, "db", await listContainers("p")));
  });

  it("stops a service that is no longer described before the one that takes its volume", async () => {
    daemon.add({
      id: "old",
      service: "database",
      state: "running",
      hash: "x",
      volumes: ["data"],
      started: "2026-01-01T00:00:00Z",
    });
    await rollService(runner(), "db");
    assert.equal(daemon.stateOf("old"), undefined);
    assert.equal(daemon.running().length, 1);
  });

  it("keeps an old container that is just starting when the new version fails", async () => {
    daemon.template = {};
    daemon.behaviour.brokenHash = "new";
    daemon.add({ id: "old", state: "running", health: "starting", hash: "old" });
    await assert.rejects(rollService(runner({ image: "image" }), "db"), /exited with code 3/);
    assert.deepEqual(daemon.running(), ["old"]);
    assert.equal(daemon.all().length, 1);
  });

  for (const state of ["exited", "running"]) {
    it(`writes new live secrets into a container that is ${state === "exited" ? "stopped" : "starting"}`, async function () {
      if (!canWriteLive()) {
        this.skip();
      }
      const file = join(projectFolder("p"), "releases", "earlier", "secrets/db/acl");
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, "revoked-password, which is longer");
      const fields = state === "exited" ? {} : { health: "starting" };
      daemon.add({ id: "abc", state, ...fields, volumes: ["data"], binds: [file] });
      const definition = { ...STORE, secrets: ["acl"], labels: { "longshore.reload": "HUP" } };
      const done = rollService(runner(definition), "db");
      if (state === "running") {
        daemon.add({ id: "abc", state, health: "healthy", volumes: ["data"], binds: [file] });
      }
      await done;
      assert.equal(readFileSync(file, "utf8"), "new-password");
      assert.deepEqual(daemon.calls("kill"), state === "exited" ? [] : ["kill --signal HUP abc"]);
      assert.ok(daemon.running().includes("abc"));
    });
  }

  it("that loses Docker at the first deployment leaves the project in the state", async () => {
    daemon.behaviour.lostAt = "compose";
    const inputs = {
      ...DEFAULTS,
      project: "p",
      document: { services: { db: STORE }, volumes: { data: {} } },
    };
    const call = { log: LOG, signal: abort.signal, stack: "local" };
    await assert.rejects(projectHandler.create(inputs, call), (error: Error) => {
      assert.ok(error instanceof PartialError, error.stack);
      assert.match(error.message, /Cannot connect to the Docker daemon/);
      assert.equal(error.id, "p");
      const { services, unfinished } = error.outputs as {
        services: Record<string, { state: string }>;
        unfinished: string;
      };
      assert.equal(services.db?.state, "unknown");
      assert.equal(unfinished, "a failed deployment");
      return true;
    });
  });

  it("names the memory limit of a container that the kernel ended", async () => {
    daemon.add({ id: "abc", state: "exited", exitCode: 137, oom: true, memory: 512 * 1024 * 1024 });
    const [container] = await listContainers("p");
    assert.equal(container && reasonOfExit(container), "out of memory: limit 512Mi");
    assert.equal(reasonOfExit({ exitCode: 137 }), "exit code 137");
    assert.equal(
      reasonOfExit({ exitCode: 137, outOfMemory: 1.5 * 1024 ** 3 }),
      "out of memory: limit 1536Mi",
    );
    assert.equal(reasonOfExit({ exitCode: 137, outOfMemory: 0 }), "out of memory on the host");
    assert.equal(reasonOfExit({ exitCode: 0, outOfMemory: 1 }), "exit code 0");
  });
});
