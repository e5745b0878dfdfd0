import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { releaseDaemon } from "../../cli/compose/daemon";
import { projectOf } from "../../cli/compose/docker";
import { daemonProblem, readDaemon, requireDaemon, writeDaemon } from "../../cli/support/daemon";
import { EXIT, Failure } from "../../cli/support/failure";

describe("Release of a stack's Docker daemon", () => {
  let folder: string;
  let before: string | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-daemon-"));
    before = process.env["XDG_DATA_HOME"];
    process.env["XDG_DATA_HOME"] = folder;
    writeDaemon("local", { id: "id-own", source: "own" });
  });
  afterEach(() => {
    if (before === undefined) {
      delete process.env["XDG_DATA_HOME"];
    } else {
      process.env["XDG_DATA_HOME"] = before;
    }
    rmSync(folder, { recursive: true });
  });
  /** A daemon with a container or a volume of these projects. */
  const withProjects = (...projects: string[]) => {
    const script = `#!/bin/sh\nprintf '%s\\n' ${projects.join(" ")}\n`;
    writeFileSync(join(folder, "docker"), script, { mode: 0o755 });
    return { env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` } };
  };

  it("follows when nothing of the stack is left on it", async () => {
    assert.equal(await releaseDaemon("local", withProjects("other", projectOf("todo", "local-test"))), true);
    assert.equal(readDaemon("local"), undefined);
    assert.equal(await releaseDaemon("local", withProjects()), false);
  });

  it("does not follow while a system that was taken down before has data there", async () => {
    assert.equal(await releaseDaemon("local", withProjects(projectOf("removed-system", "local"))), false);
    assert.equal(readDaemon("local")?.id, "id-own");
  });

  it("does not follow while a system is deployed", async () => {
    const stacks = join(folder, "longshore", "state", ".pulumi", "stacks", "longshore");
    mkdirSync(stacks, { recursive: true });
    const urn = "urn:pulumi:local::longshore::compose:index:Project::todo";
    const latest = { resources: [{ urn, type: "compose:index:Project" }] };
    writeFileSync(join(stacks, "local.json"), JSON.stringify({ checkpoint: { latest } }));
    assert.equal(await releaseDaemon("local", withProjects()), false);
    assert.equal(readDaemon("local")?.id, "id-own");
  });
});

describe("Docker daemon of a stack", () => {
  const record = { id: "id-own", source: "own" } as const;
  const none = { record: undefined, deployed: [], present: [] };

  it("is any one before the first deployment", () => {
    assert.equal(daemonProblem("local", { ...none, answers: { source: "lab", id: "id-lab" } }), undefined);
  });

  it("is refused when the lab's empty daemon answers instead of the machine's own", () => {
    const evidence = { ...none, record, answers: { source: "lab", id: "id-lab" } } as const;
    assert.match(
      daemonProblem("local", evidence) ?? "",
      /expected the daemon id-own \(this machine's own\) that stack local was deployed on, got id-lab \(the lab's\); fix: start that daemon.*bin\/longshore recover docker-daemon --stack local/,
    );
    assert.throws(
      () => {
        requireDaemon("local", evidence);
      },
      (error) => error instanceof Failure && error.exitCode === EXIT.usage,
    );
  });

  it("is refused when another daemon of the same kind answers, such as another Docker context", () => {
    assert.match(
      daemonProblem("local", { ...none, record, answers: { source: "own", id: "id-2" } }) ?? "",
      /got id-2/,
    );
  });

  it("is accepted when it has the same id", () => {
    assert.equal(
      daemonProblem("local", { ...none, record, answers: { source: "own", id: "id-own" } }),
      undefined,
    );
  });

  it("is told by its containers and volumes where an earlier version has noted no id", () => {
    const answers = { source: "lab", id: "id-lab" } as const;
    const deployed = ["todo-local", "nexus-local"];
    assert.equal(daemonProblem("local", { ...none, answers, deployed, present: ["todo-local"] }), undefined);
    assert.match(
      daemonProblem("local", { ...none, answers, deployed, present: [] }) ?? "",
      /expected a daemon that has todo-local, nexus-local, as the state of stack local says, got id-lab/,
    );
  });

  it("is noted per stack, for the user only; a damaged note counts as none", () => {
    const folder = mkdtempSync(join(tmpdir(), "longshore-daemon-"));
    try {
      assert.equal(readDaemon("local", folder), undefined);
      writeDaemon("local", record, folder);
      assert.deepEqual(readDaemon("local", folder), record);
      assert.equal(readDaemon("local-dev", folder), undefined);
      const file = join(folder, "daemons", "local.json");
      assert.equal(statSync(file).mode & 0o777, 0o600);
      writeFileSync(file, "{");
      assert.equal(readDaemon("local", folder), undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
