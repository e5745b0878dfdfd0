import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failure } from "../../../providers/compose/server";
import { PartialError, UserError } from "../../../providers/compose/errors";
import { reportError } from "../../../cli/support/report-error";
import { Failure } from "../../../cli/support/failure";
import {
  formatSize,
  freeSpace,
  GIB,
  KIB,
  MIB,
  spaceProblems,
  withDiskRemedy,
} from "../../../tools/free-space";

describe("Free disk space", () => {
  it("is that of the file system of a folder, also of one that does not exist yet", async () => {
    const folder = mkdtempSync(join(tmpdir(), "longshore-space-"));
    try {
      const there = await freeSpace(folder);
      const absent = await freeSpace(join(folder, "a", "b"));
      assert.ok(there && there.bytes > 0);
      assert.equal(absent?.folder, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is reported with both numbers, the purpose and the remedy", () => {
    const need = { place: "data folder /d", minimum: 16 * MIB, purpose: "a dump", fix: "free space there" };
    assert.deepEqual(spaceProblems([{ ...need, free: 3 * MIB }]), [
      "data folder /d: expected at least 16 MiB free for a dump, got 3 MiB; fix: free space there",
    ]);
    assert.deepEqual(spaceProblems([{ ...need, free: 16 * MIB }]), [], "exactly enough");
    assert.deepEqual(spaceProblems([need]), [], "a place that cannot be measured is not judged");
  });

  it("is formatted with a binary unit", () => {
    assert.deepEqual([512 * KIB, 12 * MIB, 1.5 * GIB, 0].map(formatSize), [
      "512 KiB",
      "12 MiB",
      "1.5 GiB",
      "0 KiB",
    ]);
  });
});

describe("Errors of other programs about a full disk", () => {
  const full = [
    "write /var/lib/docker/tmp/x: no space left on device",
    'PANIC:  could not write to file "pg_wal/xlogtemp.30": No space left on device',
    "ENOSPC: no space left on device, write",
    "write x: disk quota exceeded",
  ];

  it("name the remedy once", () => {
    for (const text of full) {
      const said = withDiskRemedy(text);
      assert.ok(said.startsWith(`${text}\nfix: free disk space: `), said);
      assert.equal(withDiskRemedy(said), said);
    }
    assert.equal(withDiskRemedy("port 80 is in use"), "port 80 is in use");
  });

  it("name it in errors of the provider and of commands", () => {
    for (const text of full) {
      const errors = [new UserError(text), new PartialError(text, "id", {}), new Error(text)];
      errors.forEach((error) => {
        assert.match(failure(error).details ?? "", /fix: free disk space/);
      });
      const lines: string[] = [];
      reportError(new Failure(text), false, (line) => lines.push(line));
      assert.match(lines.join("\n"), /fix: free disk space/);
    }
  });
});
