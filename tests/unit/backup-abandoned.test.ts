import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { abandonedJobs, removeAbandonedJobs } from "../../cli/backup/job";

describe("Containers of dumps and restores that a killed command left", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-jobs-"));
    const listed = ["a1 todo-local-1/todo/db", "b2 todo-local-12/todo/db", "c3 todo-local-1/todo/cache"];
    const script = `#!/bin/sh\necho "$*" >>"${folder}/calls"\n[ "$1" != ps ] || printf '%s\\n' '${listed.join("' '")}'\n`;
    writeFileSync(join(folder, "docker"), script, { mode: 0o755 });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("are found and removed by the project of their datastore", async () => {
    const engine = { env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` } };
    assert.deepEqual(await abandonedJobs(engine, "todo-local-1"), ["a1", "c3"]);
    await removeAbandonedJobs(engine, "todo-local-1");
    await removeAbandonedJobs(engine, "todo-local");
    const removals = readFileSync(join(folder, "calls"), "utf8").match(/^rm .*$/gm);
    assert.deepEqual(removals, ["rm --force --volumes a1 c3"]);
  });
});
