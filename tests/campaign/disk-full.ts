import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandResult } from "../../tools/process";
import { run } from "../../tools/process";
import { eventually, filesBelow } from "../support/end-to-end";
import { containerOf, lastLines, strangers, takeBaseline, violationsOf, type Baseline } from "./invariants";
import { withSandbox } from "./sandbox";
import { Subject } from "./subject";
import { Writer } from "./writer";

/** Size of the disk that Docker's data root is on: images take 1.3 GB of it. */
const DISK = "3G";
const PORT = 18490;

const sandbox = process.env["LONGSHORE_CAMPAIGN_SANDBOX"] ?? "";
const disk = join(sandbox, "disk");
const results: { readonly what: string; readonly problem?: string }[] = [];

/** Records whether something holds. */
function check(what: string, holds: boolean, got = ""): void {
  results.push({ what, ...(!holds && { problem: got }) });
  console.log(`${holds ? "ok    " : "FAILED"} ${what}${holds || got === "" ? "" : `: ${got}`}`);
}

function checkResult(
  what: string,
  { code, stdout, stderr }: CommandResult,
  exit: number,
  text: RegExp,
): void {
  const said = stdout + stderr;
  check(what, code === exit && text.test(said), `exit ${code}: ${lastLines(said, 8)}`);
}

/** A file system of its own for Docker's data root, seen in the sandbox only. */
async function makeDisk(): Promise<void> {
  const script = `truncate -s ${DISK} "$0.img" && mkfs.ext4 -q -m 0 "$0.img" && mkdir -p "$0" && mount -o loop "$0.img" "$0"`;
  const { code, stderr } = await run("bash", ["-c", script, disk], { timeoutMs: 120_000 });
  if (code !== 0) {
    throw new Error(`a disk for Docker's data root cannot be made: ${stderr.trim()}`);
  }
}

/** Fills a disk but for some bytes. @returns a function that frees it */
async function fill(folder: string, leaveBytes = 0): Promise<() => void> {
  const file = join(folder, "filler");
  const { bavail, bsize } = statfsSync(folder);
  const megabytes = Math.max(0, Math.floor((bavail * bsize - leaveBytes) / 2 ** 20));
  await run("bash", ["-c", 'fallocate -l "$1M" "$0" || true', file, String(megabytes)]);
  if (leaveBytes === 0) {
    // Until not a block is left.
    await run("bash", ["-c", 'dd if=/dev/zero of="$0.rest" bs=4k 2>/dev/null || true', file], {
      timeoutMs: 120_000,
    });
  }
  return () => {
    rmSync(file, { force: true });
    rmSync(`${file}.rest`, { force: true });
  };
}

async function serves(subject: Subject): Promise<boolean> {
  const answer = await fetch(subject.url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  return answer?.status === 200;
}

async function main(): Promise<void> {
  const subject = new Subject(PORT);
  const first = await subject.longshore("up", "--yes");
  if (first.code !== 0) {
    throw new Error(`the first up failed: ${lastLines(first.stdout + first.stderr, 10)}`);
  }
  const baseline = await takeBaseline(subject);
  const writer = new Writer(subject.url);
  try {
    await dockerIsFull(subject, baseline);
    await databaseIsFull(subject, baseline, writer);
    await backupFolderIsFull(subject);
    await dataFolderIsFull(subject);
  } finally {
    await writer.stop();
  }
  checkResult("up with room again exits with code 0", await subject.longshore("up", "--yes"), 0, /./);
  const violations = await violationsOf(subject, baseline);
  violations.push(...(await strangers([baseline.project])));
  check("the deployment is as before", violations.length === 0, violations.join("; "));
  await kept(subject, baseline, writer);
  await subject.longshore("down", "--volumes", "--yes");
  subject.checkout.remove();
}

/** Every acknowledged write is in the database. */
async function kept(subject: Subject, { project }: Baseline, { acknowledged }: Writer): Promise<void> {
  const present = new Set(await subject.sql("select id from todo", await containerOf(project, "db")));
  const lost = acknowledged.filter(({ id }) => !present.has(id)).length;
  check(`none of ${acknowledged.length} acknowledged writes is lost`, lost === 0, `${lost} are lost`);
}

async function dockerIsFull(subject: Subject, baseline: Baseline): Promise<void> {
  const before = await containerOf(baseline.project, "backend");
  let free = await fill(disk, 100 * 2 ** 20);
  const refused = await subject.start("up-with-change").ended;
  checkResult(
    "up without room in Docker's data root is refused, with both numbers and the remedy",
    refused,
    1,
    /Docker's data root .*: expected at least 256 MiB free, got \d+ MiB; fix: .*longshore clean --cache/,
  );
  free();
  free = await fill(disk);
  const restart = await subject.longshore("restart", "todo/backend");
  checkResult(
    "a container that cannot be created is reported with the remedy",
    restart,
    1,
    /no space left[^]*fix: /i,
  );
  check(
    "and the old one keeps running",
    (await containerOf(baseline.project, "backend")) === before && (await serves(subject)),
  );
  const dockerfile = `printf 'FROM postgres:17\\nRUN head -c 200M /dev/urandom >/x\\n' | docker build -q -t full -`;
  const build = await run("bash", ["-c", dockerfile], { timeoutMs: 120_000 });
  check(
    "Docker itself reports the full disk of a build",
    /no space left/i.test(build.stderr),
    build.stderr.slice(-300),
  );
  free();
  checkResult(
    "with room again, the change is deployed",
    await subject.longshore("up", "--yes"),
    0,
    /updated/,
  );
}

async function databaseIsFull(subject: Subject, baseline: Baseline, writer: Writer): Promise<void> {
  const free = await fill(disk);
  const db = await containerOf(baseline.project, "db");
  const big = "create table big as select g, repeat(md5(g::text), 20) t from generate_series(1, 400000) g";
  const error = await subject.sql(big, db).then(
    () => "",
    (reason: unknown) => String(reason),
  );
  check(
    "a statement that needs room fails",
    /no space left|terminated|closed the connection/i.test(error),
    error,
  );
  // Writes until the WAL is full too.
  await sleep(15_000);
  const { acknowledged, refused } = writer;
  console.log(`       writes meanwhile: ${acknowledged.length} acknowledged, ${refused} refused`);
  checkResult(
    "up with a full volume is refused before the database is restarted",
    await subject.start("up-with-change").ended,
    1,
    /volume of todo\/db: expected at least 16 MiB free for its next restart, got \d+ [KM]iB; fix: |Docker's data root .* fix: /,
  );
  const { stdout: pid } = await run("docker", ["inspect", "--format", "{{.State.Pid}}", db]);
  if (Number(pid) > 0) {
    process.kill(Number(pid), "SIGKILL");
  }
  await sleep(10_000);
  free();
  await eventually("todo serves again without a command", () => serves(subject), { withinMs: 90_000 });
  check("with room again, the database recovers by itself", true);
  await kept(subject, baseline, writer);
}

async function backupFolderIsFull(subject: Subject): Promise<void> {
  const target = join(subject.checkout.folder, "small");
  mkdirSync(target);
  await run("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", target]);
  const backup = () => subject.longshore("backup", "todo/db", "--to", target);
  checkResult("a backup with room succeeds", await backup(), 0, /dump/);
  const before = filesBelow(target).sort().join();
  const free = await fill(target, 2 ** 20 / 2);
  checkResult(
    "a backup without room is refused before the dump, with both numbers and the remedy",
    await backup(),
    1,
    /expected at least 1 MiB free for a dump as large as the last one, got \d+ KiB; fix: .*--keep.*--to/,
  );
  free();
  // More than the last dump needed: the disk becomes full during the dump.
  const db = await containerOf((await takeBaseline(subject)).project, "db");
  await subject.sql(
    "create table noise as select md5(random()::text) || md5(random()::text) t from generate_series(1, 120000)",
    db,
  );
  checkResult(
    "a disk that becomes full during the dump is reported with the remedy",
    await backup(),
    1,
    /no space left[^]*fix: free space/,
  );
  check(
    "no part of that dump is kept",
    filesBelow(target).sort().join() === before,
    filesBelow(target).join(),
  );
  await subject.sql("drop table noise", db);
  await run("umount", [target]);
}

async function dataFolderIsFull(subject: Subject): Promise<void> {
  const { data } = subject.checkout;
  const file = join(data, "Pulumi.local.yaml");
  await run("bash", [
    "-c",
    'mv "$0" "$0.away" && mkdir "$0" && mount -t tmpfs -o size=64m,mode=0700 tmpfs "$0" && cp -a "$0.away/." "$0"',
    data,
  ]);
  const sum = () => createHash("sha256").update(readFileSync(file)).digest("hex");
  const before = sum();
  const free = await fill(data);
  const rotate = await subject.longshore("secrets", "rotate", "todo.db-app-password");
  check(
    "a rotation without room in the data folder fails",
    rotate.code !== 0,
    lastLines(rotate.stdout + rotate.stderr),
  );
  check(
    "and names the way out",
    /fix: /.test(rotate.stdout + rotate.stderr),
    lastLines(rotate.stdout + rotate.stderr),
  );
  check("and the config is what it was", sum() === before);
  checkResult("config can be read", await subject.longshore("validate"), 0, /./);
  checkResult(
    "up without room in the data folder is refused, with both numbers and the remedy",
    await subject.longshore("up", "--yes"),
    1,
    /data folder .*: expected at least 16 MiB free, got \d+ KiB; fix: free space/,
  );
  free();
  const after = filesBelow(data).filter((one) => /\.draft\b|\.tmp\b/.test(one));
  check("no draft is left", after.length === 0, after.join());
  await run("bash", ["-c", 'umount "$0" && rmdir "$0" && mv "$0.away" "$0"', data]);
}

withSandbox(
  async (daemon) => {
    if (daemon === undefined) {
      console.log("skipped: full disks require a Docker daemon of their own");
      return;
    }
    await main();
    const failed = results.filter(({ problem }) => problem !== undefined).length;
    console.log(`\n${results.length - failed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  },
  {
    prepare: makeDisk,
    dataRoot: existsSync(sandbox) ? join(disk, "docker") : undefined,
  },
).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  process.exitCode = 1;
});
