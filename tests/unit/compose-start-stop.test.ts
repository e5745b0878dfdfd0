import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { readFileSync } from "node:fs";
import { inspectContainers } from "../../providers/compose/containers";
import { DockerTimeout, tryDocker } from "../../providers/compose/docker";
import {
  startContainer,
  StillRunning,
  stopContainers,
  VolumeInUse,
} from "../../providers/compose/start-stop";
import { FakeDaemon } from "../support/fake-daemon";

describe("Starting a container", () => {
  let daemon: FakeDaemon;
  beforeEach(() => {
    daemon = new FakeDaemon();
  });
  afterEach(() => {
    daemon.remove();
  });

  for (const state of ["running", "restarting", "paused"]) {
    it(`is refused while a container of another project on its volume is ${state}`, async () => {
      daemon.add({ id: "a", state: "created", volumes: ["data"] });
      daemon.add({ id: "b", project: "other", service: "x", state, volumes: ["data"] });
      await assert.rejects(startContainer("a"), (error: Error) => {
        assert.ok(error instanceof VolumeInUse);
        assert.match(
          error.message,
          new RegExp(
            `^db: expected no other container on volume data, got b of project other \\(${state}\\).*fix: docker stop b,`,
          ),
        );
        return true;
      });
      assert.deepEqual(daemon.calls("start"), []);
    });
  }

  it("is refused while a container mounts the folder of its volume", async () => {
    daemon.add({ id: "a", state: "created", volumes: ["data"] });
    daemon.add({ id: "b", project: "", service: "", state: "running", binds: ["/volumes/data"] });
    await assert.rejects(startContainer("a"), VolumeInUse);
  });

  it("goes on beside containers that exited, only read, or use other volumes", async () => {
    daemon.add({ id: "a", state: "created", volumes: ["data"] });
    daemon.add({ id: "b", state: "exited", volumes: ["data"] });
    daemon.add({ id: "c", state: "running", readsVolumes: ["data"] });
    daemon.add({ id: "d", state: "running", volumes: ["other"] });
    await startContainer("a");
    assert.equal(daemon.stateOf("a"), "running");
  });

  it("lets one of two win that start at once on one volume", async () => {
    daemon.write("behaviour.json", { start: "slow" });
    daemon.add({ id: "a", state: "created", volumes: ["data"] });
    daemon.add({ id: "b", state: "created", volumes: ["data"] });
    const results = await Promise.allSettled([startContainer("a"), startContainer("b")]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal(daemon.running().length, 1);
    assert.deepEqual(daemon.lines("double"), []);
  });

  it("continues a paused container", async () => {
    daemon.add({ id: "a", state: "paused", volumes: ["data"] });
    await startContainer("a");
    assert.deepEqual(daemon.calls("unpause"), ["unpause a"]);
  });
});

describe("Stopping containers", () => {
  let daemon: FakeDaemon;
  beforeEach(() => {
    daemon = new FakeDaemon();
  });
  afterEach(() => {
    daemon.remove();
  });

  it("is an error when docker stop fails and the container still runs", async () => {
    daemon.write("behaviour.json", { stop: "fail" });
    daemon.add({ id: "a", state: "running" });
    await assert.rejects(stopContainers(await inspectContainers(["a"])), (error: Error) => {
      assert.ok(error instanceof StillRunning);
      assert.match(
        error.message,
        /^db: container a did not stop \(running: .*cannot stop container\).*fix: docker stop a/,
      );
      return true;
    });
  });

  it("is done when docker stop fails but the container has exited", async () => {
    daemon.write("behaviour.json", { stop: "fail" });
    daemon.add({ id: "a", state: "running" });
    const seen = await inspectContainers(["a"]);
    daemon.add({ id: "a", state: "exited" });
    await stopContainers(seen);
  });
});

describe("A docker command", () => {
  let daemon: FakeDaemon;
  beforeEach(() => {
    daemon = new FakeDaemon();
  });
  afterEach(() => {
    daemon.remove();
  });

  it("ends when it does not answer in time", async () => {
    daemon.write("behaviour.json", { inspect: "hang" });
    await assert.rejects(tryDocker(["inspect", "a"], { timeoutSeconds: 0.5 }), (error: Error) => {
      assert.ok(error instanceof DockerTimeout);
      assert.match(error.message, /^docker inspect a: no answer within 0.5 s; check the Docker daemon/);
      return true;
    });
    const [pid = ""] = daemon.lines("pids");
    while (isRunning(pid)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it("runs in a process group of its own, out of reach of a Ctrl-C at the terminal", async () => {
    daemon.write("behaviour.json", { inspect: "hang" });
    const abort = new AbortController();
    const done = tryDocker(["inspect", "a"], { signal: abort.signal });
    while (daemon.lines("pids").length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const [pid = ""] = daemon.lines("pids");
    assert.notEqual(groupOf(pid), groupOf("self"));
    process.kill(Number(pid), "SIGKILL");
    abort.abort();
    assert.notEqual((await done).exitCode, 0);
  });
});

function groupOf(pid: string): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2];
}

function isRunning(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
