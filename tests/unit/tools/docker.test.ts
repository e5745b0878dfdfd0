import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnvironment } from "../../../lab";
import { findDocker, surveyDocker } from "../../../tools/docker";

/** Fails on any progress message, because no step here is slow. */
const unexpected = (line: string): never => assert.fail(line);

describe("lab environment", () => {
  it("is NAME=value lines; a value may hold =", () => {
    assert.deepEqual(parseEnvironment("PATH=/a:/b\nDOCKER_HOST=unix:///x?a=b\nEMPTY=\n"), {
      PATH: "/a:/b",
      DOCKER_HOST: "unix:///x?a=b",
      EMPTY: "",
    });
  });

  it("leaves other lines out", () => {
    assert.deepEqual(parseEnvironment("warning: something\n\n1A=b\nexport A=b\n"), {});
  });
});

describe("finding a container engine", () => {
  const saved = process.env;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "longshore-docker-"));
    await mkdir(join(folder, "bin"));
    // An environment without the lab and with only the fake Docker.
    process.env = {
      HOME: folder,
      XDG_CACHE_HOME: join(folder, "cache"),
      PATH: [join(folder, "bin"), "/usr/bin", "/bin"].join(":"),
    };
  });

  afterEach(async () => {
    process.env = saved;
    await rm(folder, { recursive: true });
  });

  async function machineHas(answers: { engine?: string; compose?: string; buildx?: string }): Promise<void> {
    const answer = (text: string | undefined) =>
      text === undefined ? "echo no answer >&2; exit 1" : `echo '${text}'`;
    const docker = join(folder, "bin", "docker");
    await writeFile(
      docker,
      `#!/bin/sh\ncase $1 in version) ${answer(answers.engine)} ;; compose) ${answer(answers.compose)} ;; buildx) ${answer(answers.buildx)} ;; esac\n`,
    );
    await chmod(docker, 0o755);
  }

  it("takes the machine's own when it answers and is new enough", async () => {
    await machineHas({ engine: "27.3.1", compose: "2.29.7", buildx: "github.com/docker/buildx v0.17.1 abc" });
    assert.deepEqual(await findDocker(unexpected), {
      source: "own",
      env: {},
      engine: [27, 3, 1],
      compose: [2, 29, 7],
      buildx: [0, 17, 1],
    });
  });

  it("names everything that is too old or missing at once", async () => {
    await machineHas({ engine: "20.10.24", compose: "2.5.0" });
    await assert.rejects(findDocker(unexpected), {
      name: "MissingTool",
      message:
        "Docker Engine: expected 25.0 or newer, got 20.10.24; update it; " +
        "Docker Compose: expected 2.24 or newer, got 2.5.0; update it; " +
        "Docker buildx: expected 0.13 or newer, got none; update it",
    });
  });

  it("never replaces an engine that was chosen by name", async () => {
    await machineHas({});
    process.env["DOCKER_HOST"] = "tcp://10.1.2.3:2375";
    await assert.rejects(findDocker(unexpected), {
      name: "MissingTool",
      message: "no Docker Engine answers at DOCKER_HOST=tcp://10.1.2.3:2375; start it, or unset DOCKER_HOST",
    });
  });

  it("says without an engine what to install", async () => {
    await machineHas({});
    const { docker, problems } = await surveyDocker();
    assert.equal(docker, undefined);
    assert.match(
      problems[0] ?? "",
      /^no Docker Engine answers \(no answer\); start it, or install Docker Engine 25/,
    );
  });
});
