import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ComposeProject } from "../../components/compose-project";
import { notingStops } from "../../providers/compose/pending-stops";
import { restartService } from "../../providers/compose/restart";
import { docker, TestStack } from "../support/compose-stack";

const PROJECT = "longshore-one-writer";
const VOLUME = `${PROJECT}_data`;
const FOREIGN = `${PROJECT}-foreign`;
/** Exits four seconds after SIGTERM, like a server that flushes its memory to disk. */
const SLOW = "import signal, time; signal.signal(15, lambda *_: (time.sleep(4), exit())); time.sleep(600)";

describe("One writer per volume on a real Docker daemon", function () {
  this.timeout(120_000);
  let stack: TestStack;
  let dataHome: string | undefined;
  const program =
    ({ size = "10g", crash = "" } = {}) =>
    () => {
      const image = { image: "python:3.13-slim", init: true };
      const service = {
        ...image,
        command: ["python", "-c", `${SLOW} # ${crash}`],
        volumes: ["data:/data"],
        stop_grace_period: "10s",
        restart: "unless-stopped",
      };
      const greedy = {
        ...image,
        command: ["python", "-c", "x = bytearray(200 * 1024 * 1024)"],
        deploy: { resources: { limits: { memory: "32m" } } },
        restart: "no",
      };
      const document = JSON.stringify({
        services: { db: service, ...(crash === "greedy" && { greedy }) },
        volumes: { data: { labels: { "longshore.size": size } } },
      });
      new ComposeProject("project", { project: PROJECT, keepVolumes: false, document });
    };
  /** Returns the names of the running containers that mount the volume. */
  const writers = () =>
    docker("ps", "--filter", `volume=${VOLUME}`, "--format", "{{.Names}}")
      .split("\n")
      .filter((name) => name !== "");

  before(async () => {
    stack = await TestStack.create(PROJECT);
    dataHome = process.env["XDG_DATA_HOME"];
    process.env["XDG_DATA_HOME"] = join(stack.folder, "data");
    stack.program = program();
    await stack.up();
  });
  after(() => {
    delete process.env["XDG_DATA_HOME"];
    Object.assign(process.env, dataHome !== undefined && { XDG_DATA_HOME: dataHome });
    try {
      docker("rm", "--force", FOREIGN);
    } finally {
      stack.remove();
    }
  });

  it("runs the previous container again when a restart is interrupted while it stops", async () => {
    const running = stack.running("db");
    const interrupt = new AbortController();
    const log = {
      status: (text: string) => {
        if (text === "stopping db") {
          setTimeout(() => {
            interrupt.abort();
          }, 300);
        }
      },
      info: () => undefined,
      warning: () => undefined,
    };
    const over = new AbortController();
    let most = 0;
    const watched = (async () => {
      while (!over.signal.aborted) {
        most = Math.max(most, writers().length);
        await sleep(100);
      }
    })();
    const { signal } = interrupt;
    await assert.rejects(restartService(PROJECT, "db", { log, signal }), /interrupted/).finally(() => {
      over.abort();
    });
    await watched;
    assert.equal(most, 1);
    assert.deepEqual(stack.running("db"), running);
    assert.equal(stack.containers().length, 1);
  });

  it("does not report a datastore as up to date that a killed command is stopping", async () => {
    const [id = ""] = stack.running("db");
    const full = docker("inspect", "--format", "{{.Id}}", id);
    await assert.rejects(notingStops(PROJECT, [full], () => Promise.reject(new Error("killed"))));
    const stopping = new Promise((resolve) => execFile("docker", ["stop", full], resolve));
    await sleep(500);
    assert.deepEqual(stack.running("db"), [id], "it looks healthy still");
    const { text } = await stack.up();
    assert.match(text, /continuing after an interrupted stop/);
    await stopping;
    await sleep(500);
    assert.deepEqual(stack.running("db"), [id]);
  });

  it("keeps the data when storage changes, and says that nothing changes on disk", async () => {
    const created = docker("volume", "inspect", "--format", "{{.CreatedAt}}", VOLUME);
    stack.program = program({ size: "20g" });
    assert.match(await stack.preview(), /storage 10g → 20g changes nothing on this machine/);
    await stack.up();
    assert.equal(docker("volume", "inspect", "--format", "{{.CreatedAt}}", VOLUME), created);
  });

  it("starts nothing on a volume that another project's container uses, and names that container", async () => {
    docker("stop", ...stack.running("db"));
    docker(
      "run",
      "--detach",
      "--name",
      FOREIGN,
      "--volume",
      `${VOLUME}:/x`,
      "python:3.13-slim",
      "sleep",
      "600",
    );
    const text = await stack.upFails();
    assert.match(
      text,
      new RegExp(`db: expected no other container on volume ${VOLUME}, got ${FOREIGN} \\(running\\)`),
    );
    assert.deepEqual(writers(), [FOREIGN]);
    docker("rm", "--force", FOREIGN);
    await stack.up();
    assert.equal(writers().length, 1);
  });

  it("names the memory limit that a service exceeded", async () => {
    stack.program = program({ size: "20g", crash: "greedy" });
    assert.match(await stack.upFails(), /greedy: out of memory: limit 32Mi/);
    assert.equal(writers().length, 1);
  });

  it("says which volume a renamed datastore leaves behind", async () => {
    const document = JSON.stringify({
      services: { db: { image: "python:3.13-slim", command: ["sleep", "600"], init: true } },
    });
    stack.program = () => {
      new ComposeProject("project", { project: PROJECT, keepVolumes: false, document });
    };
    assert.match(await stack.preview(), /volume data is no longer described: its data stays/);
    const { text } = await stack.up();
    assert.match(text, new RegExp(`volume ${VOLUME} has data, and no service of the description uses it`));
    assert.deepEqual(stack.volumes(), [VOLUME]);
  });
});
