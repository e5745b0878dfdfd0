import assert from "node:assert/strict";
import { afterEach, describe, it } from "mocha";
import { DockerError, useDockerCommand, type RunResult } from "../../providers/compose/docker";
import { heldData } from "../../providers/compose/volume-data";

const WANTED = [{ volume: "p_db_data", kind: "postgres" }];

/** Answers `docker cp`; a volume exists, and containers are created and removed. */
function answerCopy(answer: Partial<RunResult>): string[] {
  const commands: string[] = [];
  useDockerCommand((args) => {
    commands.push(args.slice(0, 2).join(" "));
    const stdout = args[0] === "volume" ? "p_db_data\n" : args[0] === "create" ? "c1\n" : "";
    const result = { stdout, stderr: "", all: "", exitCode: 0 };
    return Promise.resolve(args[0] === "cp" ? { ...result, ...answer } : result);
  });
  return commands;
}

describe("the data in a volume", () => {
  afterEach(() => {
    useDockerCommand();
  });

  for (const stderr of [
    "Error response from daemon: Could not find the file /longshore-data/0/pgdata/PG_VERSION in container c1",
    "open /longshore-data/0/pgdata/PG_VERSION: no such file or directory",
  ]) {
    it(`is absent when Docker finds no file: ${stderr.slice(0, 40)}…`, async () => {
      answerCopy({ exitCode: 1, stderr });
      assert.deepEqual([...(await heldData("p", WANTED, ["i1"]))], []);
    });
  }

  it("is unknown, not absent, when it cannot be read, and the container that reads it is removed", async () => {
    const commands = answerCopy({
      exitCode: 1,
      stderr: "Cannot connect to the Docker daemon at unix:///x.sock",
    });
    await assert.rejects(heldData("p", WANTED, ["i1"]), DockerError);
    assert.equal(commands.at(-1), "rm --volumes");
  });
});
