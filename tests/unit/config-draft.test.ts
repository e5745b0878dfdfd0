import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ConfigCopies } from "../../cli/config/copies";
import { replaceStackFile } from "../../cli/config/draft";
import { DISK, replaceFile, type FileSystem } from "../../tools/files";
import { MemoryDisk, KILLED } from "../support/memory-disk";

const mode = (path: string) => statSync(path).mode & 0o777;

describe("Replacing a private file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-files-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("follows a link, keeps the mode, and leaves no draft", () => {
    const target = join(folder, "data", "Pulumi.local.yaml");
    mkdirSync(join(folder, "data"));
    writeFileSync(target, "old");
    chmodSync(target, 0o640);
    symlinkSync(target, join(folder, "link.yaml"));
    replaceFile(join(folder, "link.yaml"), "new");
    assert.equal(readFileSync(target, "utf8"), "new");
    assert.equal(mode(target), 0o640);
    assert.ok(lstatSync(join(folder, "link.yaml")).isSymbolicLink());
    assert.deepEqual(readdirSync(join(folder, "data")), ["Pulumi.local.yaml"]);
  });

  it("creates a file for its owner only, whatever the umask", () => {
    const before = process.umask(0);
    try {
      replaceFile(join(folder, "new"), "x");
    } finally {
      process.umask(before);
    }
    assert.equal(mode(join(folder, "new")), 0o600);
  });

  it("leaves the old content when the disk is full, and no draft", () => {
    const file = join(folder, "file");
    writeFileSync(file, "old");
    const full: FileSystem = {
      ...DISK,
      create(path, content, of) {
        DISK.create(path, content.slice(0, 1), of);
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      },
    };
    assert.throws(() => {
      replaceFile(file, "new", { disk: full });
    }, /ENOSPC/);
    assert.equal(readFileSync(file, "utf8"), "old");
    assert.deepEqual(readdirSync(folder), ["file"]);
  });
});

const config = (value: string) =>
  `config:\n  longshore:secrets:\n    todo:\n      db-app-password: { secure: ${value} }\n`;

describe("Replacing a stack file", () => {
  const target = "/data/Pulumi.local.yaml";
  const change = (disk: FileSystem, before: string, after: string) => {
    replaceStackFile({ stack: "local", target, before, after, disk, dataFolder: "/data" });
  };

  it("leaves the old or the new content when it is killed, or the disk is full, at any operation", () => {
    for (const failure of ["kill", "full"] as const) {
      for (let at = 0; ; at += 1) {
        const disk = new MemoryDisk({ [target]: config("v1:old") });
        disk.failAt(at, failure);
        let isDone = false;
        try {
          change(disk, config("v1:old"), config("v1:new"));
          isDone = true;
        } catch (error) {
          assert.ok(error === KILLED || /ENOSPC/.test(String(error)), String(error));
        }
        const content = disk.afterCrash().read(target);
        assert.ok(
          content === config("v1:new") || (!isDone && content === config("v1:old")),
          `${failure} at ${at}: ${JSON.stringify(content)}`,
        );
        if (isDone) {
          assert.ok(at > 4, "no operation was tried");
          break;
        }
      }
    }
  });

  it("refuses to overwrite a change that another program made meanwhile", () => {
    const disk = new MemoryDisk({ [target]: config("v1:by-hand") });
    assert.throws(() => {
      change(disk, config("v1:old"), config("v1:new"));
    }, /changed by another program/);
    assert.equal(disk.read(target), config("v1:by-hand"));
  });

  it("keeps a copy of the old and of the new content", () => {
    const disk = new MemoryDisk({ [target]: config("v1:old") });
    change(disk, config("v1:old"), config("v1:new"));
    const copies = new ConfigCopies("local", "/data", disk).all();
    assert.deepEqual(
      copies.map(({ content }) => content),
      [config("v1:new"), config("v1:old")],
    );
    assert.ok(copies.every(({ path }) => disk.mode(path) === 0o600));
  });
});

describe("Copies of a stack file", () => {
  it("are the newest 20, ordered by number when the clock goes back, without repetitions", () => {
    const disk = new MemoryDisk();
    const copies = new ConfigCopies("local", "/data", disk);
    for (let index = 0; index < 25; index += 1) {
      copies.keep(config(`v1:${index}`), new Date(Date.UTC(2026, 0, 31 - index)));
      copies.keep(config(`v1:${index}`));
    }
    assert.deepEqual(
      copies.all().map(({ content }) => content),
      Array.from({ length: 20 }, (_, index) => config(`v1:${24 - index}`)),
    );
    assert.deepEqual(new ConfigCopies("local-dev", "/data", disk).all(), []);
  });

  it("offer the newest one that misses no secret of the others", () => {
    const disk = new MemoryDisk();
    const copies = new ConfigCopies("local", "/data", disk);
    copies.keep(config("v1:first"));
    copies.keep(config("v1:second"));
    copies.keep("config: {}\n");
    copies.keep("config:\n  longshore:secr");
    assert.equal(copies.best()?.content, config("v1:second"));
  });

  it("leave out a copy that was damaged on the disk", () => {
    const folder = mkdtempSync(join(tmpdir(), "longshore-copies-"));
    try {
      const copies = new ConfigCopies("local", folder);
      copies.keep(config("v1:whole"));
      const [copy] = copies.all();
      assert.ok(copy && existsSync(copy.path));
      writeFileSync(copy.path, "config:\n");
      assert.deepEqual(copies.all(), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
