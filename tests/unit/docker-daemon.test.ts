import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { daemonProblem, readDaemon, requireDaemon, writeDaemon } from "../../cli/support/daemon";
import { EXIT, Failure } from "../../cli/support/failure";

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
