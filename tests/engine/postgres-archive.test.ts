import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "mocha";
import { system } from "../../catalog/define";
import { planSystem, type Plan } from "../../catalog/plan";
import { SLOT } from "../../catalog/plan/postgres-archive-scripts";
import { openDump, verifyDump } from "../../cli/backup/encryption";
import type { Store } from "../../cli/backup/job";
import { archivesOf, discardState, recoverState } from "../../cli/backup/point-in-time";
import { bring } from "../../cli/backup/restore";
import type { Container } from "../../cli/compose/docker";
import { backupJobOf } from "../../render/backup/machine";
import { renderCompose } from "../../render/compose";
import { healthCommand } from "../../tools/health-command";
import { docker, useDocker } from "../support/compose-stack";
import { eventually } from "../support/wait";

const PROJECT = "longshore-archive-test";
const engine = { env: process.env };
/** WAL that the server keeps for an archive that is down. */
const KEPT_MB = 48;

/** The database of a system as the plan has it, and its archive, in real containers. */
describe("the archive of a PostgreSQL server", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "longshore-archive-"));
  const files = (plan: Plan): string => {
    const {
      document,
      files: configs,
      secretFiles,
    } = renderCompose(plan, {
      project: PROJECT,
      imageReference: ({ source }) => (source.kind === "upstream" ? source.reference : ""),
      edgePort: 0,
    });
    const text = JSON.stringify(document)
      .replace(
        /max_slot_wal_keep_size=\d+MB/,
        `max_slot_wal_keep_size=${KEPT_MB}MB","-c","max_wal_size=64MB","-c","min_wal_size=32MB`,
      )
      .replace('"CONFIRM_SECONDS":"10"', '"CONFIRM_SECONDS":"1"');
    const secrets = secretFiles.map(({ path, value }) => [path, `test-${JSON.stringify(value)}`] as const);
    for (const [path, content] of [...Object.entries(configs), ...secrets, ["compose.json", text] as const]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: 0o644 });
    }
    return join(folder, "compose.json");
  };
  const planOf = (pointInTime: boolean): Plan =>
    planSystem(
      system("shop", ({ postgres }) => {
        postgres("db", { storage: "1Gi" });
      }),
      { environment: "dev", target: "compose", ...(pointInTime && { pointInTime: { keepDays: 7 } }) },
    );
  const plan = planOf(true);
  const compose = (...words: string[]): string =>
    docker("compose", "--project-name", PROJECT, "--file", join(folder, "compose.json"), ...words);
  const sql = (statement: string, database = "shop"): string =>
    docker(
      "exec",
      `${PROJECT}-db-1`,
      "psql",
      "-U",
      "postgres",
      "-d",
      database,
      "-v",
      "ON_ERROR_STOP=1",
      "-Atqc",
      statement,
    );
  const inArchive = (script: string): string => docker("exec", `${PROJECT}-db-archive-1`, "sh", "-c", script);

  /** The container of a service as the command line sees it. */
  const containerOf = (service: string): Container => {
    const [inspected] = JSON.parse(docker("inspect", `${PROJECT}-${service}-1`)) as [
      {
        Id: string;
        State: { Status: string };
        Config: { Image: string; Healthcheck?: { Test?: string[] } };
      },
    ];
    const check = healthCommand(inspected.Config.Healthcheck?.Test);
    return {
      ...{
        id: inspected.Id,
        system: "shop",
        service,
        kind: "store",
        health: "",
        exitCode: 0,
        restarts: 0,
        startedAt: "",
      },
      ...{ state: inspected.State.Status, image: inspected.Config.Image, published: [], waitsFor: [] },
      ...(check && { check }),
    };
  };
  const store = (): Store => {
    const [datastore] = plan.datastores;
    const job = datastore && backupJobOf(plan, datastore);
    assert.ok(job);
    return { system: "shop", store: "db", job, container: containerOf("db") };
  };
  const windows = async () => (await archivesOf(engine, [containerOf("db-archive")]))[0]?.windows ?? [];
  const isArchived = (moment: string) =>
    eventually(`everything until ${moment} is archived`, windows, {
      until: (all) => all.some(({ until }) => Date.parse(until) > Date.parse(moment)),
      everyMs: 300,
    });
  const recover = (moment: string) =>
    recoverState(engine, store(), {
      moment,
      archived: containerOf("db-archive"),
      dumps: join(folder, "dumps"),
      signal: new AbortController().signal,
    });
  /** Restores a moment as the command line does. */
  const restore = async (moment: string): Promise<void> => {
    const state = await recover(moment);
    assert.ok(state);
    const sum = await verifyDump(state.folder, state.file, state.identity);
    await bring(engine, store(), {
      env: { RESTORE_ID: "test1", DUMP_SHA256: sum },
      signal: new AbortController().signal,
      input: await openDump(state.folder, state.file, state.identity),
    });
    await discardState(state);
  };
  /** Inserts one row after another. Returns when each was acknowledged. */
  const write = () => {
    const child = spawn("docker", [
      ...["exec", "--interactive", `${PROJECT}-db-1`, "psql", "-U", "postgres", "-d", "shop", "-Atq"],
    ]);
    const acknowledged: { row: number; sent: number; at: number }[] = [];
    let row = Number(sql("SELECT coalesce(max(n), 0) FROM log"));
    let sent = 0;
    const next = () => {
      row += 1;
      sent = Date.now();
      child.stdin.write(`INSERT INTO log VALUES (${row}) RETURNING n;\n`);
    };
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", () => {
      acknowledged.push({ row, sent, at: Date.now() });
      next();
    });
    next();
    return {
      acknowledged,
      some: (count: number) =>
        eventually(`${count} rows are acknowledged`, () => acknowledged.length, {
          until: (rows) => rows >= count,
          everyMs: 20,
        }),
      stop: async () => {
        child.stdin.end();
        await Promise.race([once(child, "close"), child.exitCode]);
      },
    };
  };
  const rows = (): number[] =>
    sql("SELECT n FROM log ORDER BY n")
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);

  before(async () => {
    await useDocker(["postgres:17"]);
    Object.assign(engine.env, process.env);
    files(plan);
    compose("up", "--detach", "db-archive");
    await eventually("a moment can be restored", windows, {
      until: ([one]) => one !== undefined && Date.parse(one.from) < Date.parse(one.until),
      everyMs: 300,
    });
    sql("CREATE TABLE log (n bigint PRIMARY KEY)");
  });
  after(() => {
    compose("down", "--volumes", "--timeout", "2");
    rmSync(folder, { recursive: true, force: true });
  });

  it("restores the rows of a moment before an accident, while others are written", async () => {
    const writer = write();
    await writer.some(100);
    const moment = new Date();
    const before = writer.acknowledged.length;
    await writer.some(before + 100);
    await writer.stop();
    sql("DELETE FROM log");
    await isArchived(new Date().toISOString());
    await restore(moment.toISOString());
    const restored = new Set(rows());
    for (const { row, sent, at } of writer.acknowledged) {
      if (at < moment.getTime()) {
        assert.ok(restored.has(row), `row ${row} was acknowledged before the moment`);
      } else if (sent > moment.getTime()) {
        assert.ok(!restored.has(row), `row ${row} was written after the moment`);
      }
    }
    assert.equal(sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%longshore%'"), "0");
    // The archive goes on after the restore.
    await isArchived(new Date().toISOString());
    assert.equal((await windows()).length, 1);
  });

  it("refuses a moment whose WAL has a damaged or missing segment, and names the way out", async () => {
    sql("SELECT pg_logical_emit_message(true, '', 'x'); SELECT pg_switch_wal();".repeat(3));
    const moment = new Date().toISOString();
    await isArchived(moment);
    const list = 'cd "$ARCHIVE"/lines/*1-*/wal && ls *.gz | tail -n 2 | head -n 1';
    const segment = await eventually("segments are compressed", () => inArchive(list), {
      until: (name) => name !== "",
      everyMs: 300,
    });
    const [before] = rows();
    inArchive(
      `cd "$ARCHIVE"/lines/*1-*/wal && cp ${segment} /tmp/ && head -c 2000 /tmp/${segment} > ${segment}`,
    );
    const message = new RegExp(
      `${segment.replace(".gz", "")} is missing or damaged; nothing was restored[^]*fix: restore to a time before 20`,
    );
    await assert.rejects(recover(moment), message);
    inArchive(`cd "$ARCHIVE"/lines/*1-*/wal && rm ${segment}`);
    await assert.rejects(recover(moment), message);
    assert.equal(rows()[0], before);
  });

  it("bounds the WAL that is kept for an archive that is down, and refuses moments of the gap", async () => {
    compose("stop", "--timeout", "5", "db-archive");
    sql("SELECT pg_logical_emit_message(true, '', 'x'); SELECT pg_switch_wal();".repeat(16));
    sql("CHECKPOINT");
    sql("CHECKPOINT");
    assert.equal(sql(`SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${SLOT}'`), "lost");
    const kept = Number(sql("SELECT sum(size) / 1024 / 1024 FROM pg_ls_waldir()"));
    assert.ok(kept <= KEPT_MB + 64 + 32, `${kept} MB of WAL`);
    const moment = new Date().toISOString();
    compose("start", "db-archive");
    await eventually("a new line has a base backup", windows, {
      until: (all) => all.length === 2,
      everyMs: 300,
    });
    await assert.rejects(
      recover(moment),
      /expected a time that the archive covers, got .*; it covers:\n +from 20\S+Z to 20\S+Z\n +from 20\S+Z to/,
    );
  });

  it("has every write that was acknowledged until its last confirmation, when the server and its disk are lost", async () => {
    const writer = write();
    await writer.some(200);
    docker("kill", "--signal", "KILL", containerOf("db").id);
    const lost = Date.now();
    await writer.stop();
    const until = (await windows()).at(-1)?.until ?? "";
    assert.ok(lost - Date.parse(until) < 5 * 60_000, `the last confirmation is ${until}`);
    compose("rm", "--force", "db");
    docker("volume", "rm", `${PROJECT}_db_data`);
    compose("up", "--detach", "--force-recreate", "db-roles");
    await eventually("the archive follows the new server", windows, {
      until: (all) => all.length === 3,
      everyMs: 300,
    });
    await restore(until);
    const restored = new Set(rows());
    const due = writer.acknowledged.filter(({ at }) => at < Date.parse(until));
    assert.deepEqual(
      due.filter(({ row }) => !restored.has(row)),
      [],
    );
    assert.ok(restored.size > 100);
  });

  it("leaves no replication slot and no login when the setting is turned off", () => {
    files(planOf(false));
    compose("run", "--rm", "--no-deps", "db-roles");
    assert.equal(sql("SELECT count(*) FROM pg_replication_slots"), "0");
    assert.equal(
      sql("SELECT rolcanlogin OR rolreplication FROM pg_roles WHERE rolname = 'shop_archive'"),
      "f",
    );
  });
});
