import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
    daemon.behaviour.slow = ["start"];
    daemon.add({ id: "a", state: "created", volumes: ["data"] });
    daemon.add({ id: "b", state: "created", volumes: ["data"] });
    const results = await Promise.allSettled([startContainer("a"), startContainer("b")]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal(daemon.running().length, 1);
    assert.deepEqual(daemon.double, []);
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
    daemon.behaviour.stopFails = true;
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
    daemon.behaviour.stopFails = true;
    daemon.add({ id: "a", state: "running" });
    const seen = await inspectContainers(["a"]);
    daemon.add({ id: "a", state: "exited" });
    await stopContainers(seen);
  });
});

describe("A docker command", () => {
  let folder: string;
  const path = process.env["PATH"];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-docker-"));
    writeFileSync(
      join(folder, "docker"),
      `#!/bin/sh\necho $$ > ${folder}/pid.new\nmv ${folder}/pid.new ${folder}/pid\nsleep 600\n`,
    );
    chmodSync(join(folder, "docker"), 0o755);
    process.env["PATH"] = `${folder}:${path ?? ""}`;
  });
  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true, force: true });
  });
  const started = async (): Promise<string> => {
    while (!existsSync(join(folder, "pid"))) {
      await sleep(10);
    }
    return readFileSync(join(folder, "pid"), "utf8").trim();
  };

  it("ends, with the processes that it started, when it does not answer in time", async () => {
    const done = tryDocker(["inspect", "a"], { timeoutSeconds: 0.5 });
    const rejected = assert.rejects(done, (error: Error) => {
      assert.ok(error instanceof DockerTimeout);
      assert.match(error.message, /^docker inspect a: no answer within 0.5 s; check the Docker daemon/);
      return true;
    });
    const pid = await started();
    await rejected;
    while (isRunning(pid)) {
      await sleep(10);
    }
  });

  it("runs in a process group of its own, out of reach of a Ctrl-C at the terminal", async () => {
    const done = tryDocker(["inspect", "a"]);
    const pid = await started();
    assert.equal(groupOf(pid), pid);
    process.kill(-Number(pid), "SIGKILL");
    assert.equal((await done).exitCode, 130);
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
