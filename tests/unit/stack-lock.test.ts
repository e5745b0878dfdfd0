import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { EngineCommand } from "../../cli/engine/command";
import { EXIT, Failure } from "../../cli/support/failure";
import {
  endedEngines,
  heldDescriptors,
  LOCK_VARIABLE,
  lockEnvironment,
  lockFile,
  lockHolder,
  withStackLock,
} from "../../cli/support/stack-lock";
import { tryFlock } from "../../tools/flock";
import { bootId, pidNamespace } from "../../tools/process-identity";

const ROOT = join(__dirname, "..", "..");
const HOLDER = join(ROOT, "tests", "support", "lock-holder.ts");

const never = (): Promise<never> => Promise.reject(new Error("the work ran without the lock"));
/** Matches the error of a command that does not wait. */
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof Failure && error.exitCode === EXIT.busy && pattern.test(error.message);

describe("Stack lock", () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longshore-lock-"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "close");
      }
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const options = (more: object = {}) => ({ folder, onWait: () => undefined, remainsMs: 0, ...more });

  /** Starts another process that holds the lock; `wrapper` starts it in another namespace. */
  async function holder(stack = "local", wrapper: readonly string[] = []): Promise<ChildProcess> {
    const [command, ...args] = [...wrapper, process.execPath, "--import", "tsx", HOLDER];
    const child = spawn(command, [...args, folder, stack, "up"], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    assert.equal(line, "held");
    return child;
  }

  it("names the command that holds it, and leaves no holder behind", async () => {
    const seen = await withStackLock(
      "local",
      "secrets rotate",
      () => Promise.resolve(lockHolder("local", folder)),
      options(),
    );
    assert.equal(seen?.command, "longshore secrets rotate");
    assert.equal(seen.pid, process.pid);
    assert.equal(lockHolder("local", folder), undefined);
    assert.equal(readFileSync(lockFile("local", folder), "utf8"), "");
  });

  it("is released when the work throws", async () => {
    await assert.rejects(
      withStackLock("local", "up", () => Promise.reject(new Error("broken")), options()),
      /broken/,
    );
    assert.equal(await withStackLock("local", "up", () => Promise.resolve(1), options()), 1);
    assert.deepEqual(heldDescriptors(), []);
  });

  it("lets nested calls for the same stack work under the outer lock, and takes another stack's as well", async () => {
    const inner = await withStackLock(
      "local",
      "up",
      () =>
        withStackLock(
          "local",
          "secrets generate",
          () => withStackLock("local-dev", "up", () => Promise.resolve(heldDescriptors().length), options()),
          options(),
        ),
      options(),
    );
    assert.equal(inner, 2);
  });

  it("refuses a concurrent call of the same process", async () => {
    let finish = (): void => undefined;
    const first = withStackLock(
      "local",
      "up",
      () => new Promise<void>((resolve) => (finish = resolve)),
      options(),
    );
    await assert.rejects(
      withStackLock("local", "down", never, options()),
      refused(/longshore up \(process \d+ of/),
    );
    finish();
    await first;
  });

  it("refuses while another process holds it, and is free once that process is killed", async function () {
    this.timeout(30_000);
    const child = await holder();
    await assert.rejects(
      withStackLock("local", "backup", never, options()),
      refused(
        new RegExp(`expected no other command, got longshore up \\(process ${child.pid} of .*--wait 10m`),
      ),
    );
    child.kill("SIGKILL");
    await once(child, "close");
    assert.notEqual(
      readFileSync(lockFile("local", folder), "utf8"),
      "",
      "a killed holder cannot clear its name",
    );
    assert.equal(await withStackLock("local", "backup", () => Promise.resolve("done"), options()), "done");
  });

  it("waits for the holder for as long as --wait says, and says so once", async function () {
    this.timeout(30_000);
    const child = await holder();
    const said: string[] = [];
    const waiting = withStackLock("local", "up", () => Promise.resolve("done"), {
      ...options({ waitMs: 60_000 }),
      onWait: (text: string) => {
        said.push(text);
        child.stdin?.end();
      },
    });
    assert.equal(await waiting, "done");
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /^waiting for longshore up \(process \d+ of /);
  });

  it("stays held by an engine whose command has been killed", async function () {
    this.timeout(30_000);
    const file = lockFile("local", folder);
    // The engine inherits the descriptor, as with EngineCommand. This process is the command, and releases its lock.
    const script = 'process.stdin.resume().on("end", () => process.exit(0)); process.stdout.write("runs\\n")';
    const engine = await withStackLock(
      "local",
      "up",
      async () => {
        const child = spawn(process.execPath, ["-e", script], {
          stdio: ["pipe", "pipe", "inherit", ...heldDescriptors()],
        });
        children.push(child);
        await once(child.stdout as NodeJS.ReadableStream, "data");
        return child;
      },
      options(),
    );
    // As if the command had been killed: its record stays in the file.
    const dead = {
      command: "longshore up",
      pid: 4_200_000,
      user: "ada",
      host: "h",
      since: "2026-01-02T03:04:05Z",
    };
    writeFileSync(
      file,
      JSON.stringify({ ...dead, boot: bootId(), namespace: pidNamespace(), started: "1", token: "t" }),
    );
    await assert.rejects(
      withStackLock("local", "up", never, options()),
      refused(/the engine of an interrupted longshore up .* still runs and holds .*local\.lock/),
    );
    engine.stdin?.end();
    assert.equal(
      await withStackLock("local", "up", () => Promise.resolve("done"), options({ remainsMs: 60_000 })),
      "done",
    );
  });

  it("is taken on a full disk, which a command may be about to free", async function () {
    mkdirSync(folder, { recursive: true });
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=4k,nr_inodes=20", "tmpfs", folder]).status !== 0) {
      this.skip();
    }
    try {
      // The file occupies the only page of the file system.
      writeFileSync(join(folder, "fill"), Buffer.alloc(4096));
      assert.throws(() => {
        writeFileSync(join(folder, "more"), "x");
      }, /ENOSPC/);
      assert.equal(await withStackLock("local", "down", () => Promise.resolve("done"), options()), "done");
    } finally {
      spawnSync("umount", [folder]);
    }
  });

  it("gives its descriptor to the engine that EngineCommand starts", async () => {
    const script = join(folder, "engine");
    writeFileSync(script, `#!/bin/sh\nreadlink -f /dev/fd/3\n`, { mode: 0o755 });
    const command = new EngineCommand(script, "3.0.0");
    const run = () => command.run([], { cwd: folder, env: {} });
    const { stdout } = await withStackLock("local", "up", run, options());
    assert.equal(stdout.trim(), lockFile("local", folder));
  });

  it("remembers an engine that did not end by itself, so that its lock in the state can be removed", async () => {
    const run = (words: string) => async () => {
      const script = join(folder, "engine");
      writeFileSync(script, `#!/bin/sh\n${words}\n`, { mode: 0o755 });
      await new EngineCommand(script, "3.0.0").run([], { cwd: folder, env: {} }).catch(() => undefined);
    };
    const ended = () =>
      withStackLock("local", "up", () => Promise.resolve(endedEngines("local", folder).length), options());
    await withStackLock("local", "up", run("exit 0"), options());
    assert.equal(await ended(), 0, "it has released its lock");
    await withStackLock("local", "up", run("kill -KILL $$"), options());
    assert.equal(await ended(), 1, "it was killed, and its command was not");
    await withStackLock("local", "up", run("exit 2"), options());
    assert.equal(await ended(), 2, "it may have crashed");
  });

  it("lets a child with the parent's token work, and no process with an old token", async () => {
    const file = lockFile("local", folder);
    const given = await withStackLock(
      "local",
      "up",
      () => {
        process.env[LOCK_VARIABLE] = lockEnvironment("local", folder)[LOCK_VARIABLE];
        return Promise.resolve(process.env[LOCK_VARIABLE]);
      },
      options(),
    );
    try {
      assert.match(given ?? "", /^local:[0-9a-f]{32}$/);
      // The parent has ended, so its token is no longer accepted.
      const descriptor = openSync(file, "r+");
      assert.equal(tryFlock(descriptor), true);
      await assert.rejects(withStackLock("local", "up", never, options()), refused(/still runs/));
      writeFileSync(file, JSON.stringify({ command: "longshore up", pid: 1, token: given?.split(":")[1] }));
      assert.equal(await withStackLock("local", "up", () => Promise.resolve("child"), options()), "child");
      closeSync(descriptor);
    } finally {
      Reflect.deleteProperty(process.env, LOCK_VARIABLE);
    }
  });

  it("excludes a command of another PID namespace with the same host name", async function () {
    this.timeout(30_000);
    const wrapper = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    if (spawnSync(wrapper[0] ?? "", [...wrapper.slice(1), "true"]).status !== 0) {
      this.skip();
    }
    const child = await holder("local", wrapper);
    // The same PID belongs to another process here. The holder must not be considered dead, nor waited for as an
    // orphaned engine.
    await assert.rejects(
      withStackLock("local", "up", never, options()),
      refused(/expected no other command, got longshore up/),
    );
    child.stdin?.end();
    await once(child, "close");
    assert.equal(await withStackLock("local", "up", () => Promise.resolve("done"), options()), "done");
  });

  for (const program of ["flock", "perl"]) {
    it(`locks with ${program} where it is the only program`, function () {
      const found = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();
      if (found === "") {
        this.skip();
      }
      const bin = join(folder, "bin");
      spawnSync("mkdir", [bin]);
      spawnSync("ln", ["-s", found, join(bin, program)]);
      const env = { PATH: bin };
      const file = join(folder, "file");
      const [one, other] = [openSync(file, "w+"), openSync(file, "r+")];
      assert.equal(tryFlock(one, env), true);
      assert.equal(tryFlock(other, env), false);
      closeSync(one);
      assert.equal(tryFlock(other, env), true);
      closeSync(other);
      assert.throws(
        () => tryFlock(openSync(file, "r+"), { PATH: join(folder, "none") }),
        /neither flock nor perl/,
      );
    });
  }
});
