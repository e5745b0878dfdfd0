import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLabUp, rememberLabUp } from "../../../lab/stamp";
import { which } from "../../../tools/process";

describe("the mark that the lab is up", () => {
  const saved = process.env["XDG_CACHE_HOME"];
  let folder: string;
  let lab: string;
  let mirror: ChildProcess;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "longshore-lab-"));
    process.env["XDG_CACHE_HOME"] = folder;
    lab = join(folder, "longshore", "lab");
    mkdirSync(join(lab, "registry/docker/registry/v2/repositories/library"), { recursive: true });
    // A stand-in for the mirror: a process with its name.
    const program = join(folder, "docker-registry");
    copyFileSync((await which(["sleep"])) ?? "", program);
    chmodSync(program, 0o755);
    mirror = spawn(program, ["60"]);
    await once(mirror, "spawn");
    writeFileSync(join(lab, "registry.pid"), String(mirror.pid));
  });

  afterEach(() => {
    mirror.kill();
    rmSync(folder, { recursive: true });
    if (saved === undefined) {
      delete process.env["XDG_CACHE_HOME"];
    } else {
      process.env["XDG_CACHE_HOME"] = saved;
    }
  });

  it("counts until an image comes or goes", async () => {
    assert.equal(await isLabUp(), false);
    await rememberLabUp();
    assert.equal(await isLabUp(), true);
    mkdirSync(join(lab, "registry/docker/registry/v2/repositories/library/python"));
    assert.equal(await isLabUp(), false);
  });

  it("counts for the images that it was done for", async () => {
    await rememberLabUp(["redis:7", "postgres:17"]);
    assert.equal(await isLabUp(["redis:7"]), true);
    assert.equal(await isLabUp(["redis:7", "apache/kafka:4.1.1"]), false);
  });

  it("does not count without the mirror, and is not set then", async () => {
    await rememberLabUp();
    mirror.kill();
    await once(mirror, "exit");
    assert.equal(await isLabUp(), false);
    await rememberLabUp();
    assert.equal(await isLabUp(), false);
  });
});
