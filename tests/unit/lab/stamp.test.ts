import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isUp, rememberUp, type LabFolders } from "../../../lab/stamp";
import { which } from "../../../tools/process";

describe("Stamp of the lab", () => {
  let folder: string;
  let lab: string;
  let folders: LabFolders;
  let mirror: ChildProcess;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "longshore-lab-"));
    lab = join(folder, "lab");
    folders = { scripts: join(__dirname, "../../../lab"), cache: lab };
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
  });

  it("is valid until an image is added or removed", async () => {
    assert.equal(await isUp(folders), false);
    await rememberUp(folders);
    assert.equal(await isUp(folders), true);
    mkdirSync(join(lab, "registry/docker/registry/v2/repositories/library/python"));
    assert.equal(await isUp(folders), false);
  });

  it("is valid for the images that were set up", async () => {
    await rememberUp(folders, ["redis:7", "postgres:17"]);
    assert.equal(await isUp(folders, ["redis:7"]), true);
    assert.equal(await isUp(folders, ["redis:7", "apache/kafka:4.1.1"]), false);
  });

  it("is invalid without the mirror, and is not written then", async () => {
    await rememberUp(folders);
    mirror.kill();
    await once(mirror, "exit");
    assert.equal(await isUp(folders), false);
    await rememberUp(folders);
    assert.equal(await isUp(folders), false);
  });
});
