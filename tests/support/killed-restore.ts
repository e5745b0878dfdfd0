import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "./checkout";
import { docker, eventually, type Status } from "./end-to-end";

const ROWS = 200_000;
const FOLDER = "backups/local/todo/db";

/** Returns queries of AI todo's database. */
function queries(checkout: Checkout) {
  const idOf = async (service: string) =>
    (await checkout.json<Status>("status")).services.find((one) => one.service === service)?.id ?? "";
  return async () => {
    const [db, migrate] = [await idOf("db"), await idOf("migrate")];
    const sql = (statement: string, database = "todo") =>
      docker(
        "exec",
        db,
        "psql",
        "-U",
        "postgres",
        "-d",
        database,
        "-v",
        "ON_ERROR_STOP=1",
        "-tAc",
        statement,
      );
    return { sql, migrate };
  };
}

/**
 * Kills `longshore restore` with SIGKILL at three points, and checks that `recover` and `up` leave all of the data from
 * before or all of the dump, and nothing else.
 */
export async function restoreIsKilled(checkout: Checkout, healthy: () => Promise<unknown>): Promise<void> {
  const open = queries(checkout);
  const { sql } = await open();
  // Large enough that each phase of a restore lasts.
  await sql(
    `CREATE TABLE filler AS SELECT g, md5(g::text) || md5(random()::text) AS text FROM generate_series(1, ${ROWS}) g`,
  );
  await checkout.json("backup", "todo/db");
  const record = join(checkout.data, "restores/local/todo.db.json");
  const databases = () =>
    sql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database", "postgres");
  const all = await databases();
  const isSwitched = async () => (await sql("SELECT to_regclass('after_dump') IS NULL")) === "t";
  const points: Readonly<Record<string, { at: (migrate: string) => unknown; finish: readonly string[] }>> = {
    "the dump is prepared": {
      at: async () => (await databases()).includes("todo_longshore_restore_"),
      finish: ["recover", "--yes"],
    },
    "the dump is the data": { at: isSwitched, finish: ["up"] },
    "its jobs run again": {
      at: async (migrate) => (await docker("ps", "-aq", "--no-trunc", "--filter", `id=${migrate}`)) === "",
      finish: ["recover", "--yes"],
    },
  };
  for (const [name, { at, finish }] of Object.entries(points)) {
    await sql("CREATE TABLE IF NOT EXISTS after_dump (x int)");
    const { migrate } = await open();
    const restore = start(checkout, "restore", "todo/db", "--yes");
    await eventually(`a restore in which ${name}`, () => at(migrate), { everyMs: 20 });
    await restore.kill();
    assert.ok(existsSync(record), `${name}: the restore had ended`);
    const { code, stdout, stderr } = await checkout.longshore(...finish);
    assert.equal(code, 0, `${name}: ${stdout}${stderr}`);
    assert.ok(!existsSync(record), `${name}: the restore is unfinished`);
    assert.equal(await databases(), all, name);
    assert.equal(await sql("SELECT count(*) FROM filler"), String(ROWS), name);
    // Before the switch, the data from before remains; after it, the jobs have completed the restore.
    if (name === "the dump is the data" || name === "its jobs run again") {
      assert.ok(await isSwitched(), name);
      const { migrate: again } = await open();
      assert.ok(again !== "" && again !== migrate, `${name}: the migration has not run again`);
    }
    await healthy();
  }
}

/** Kills `longshore backup` with SIGKILL, and checks that no incomplete file has the name of a dump. */
export async function backupIsKilled(checkout: Checkout): Promise<void> {
  const folder = join(checkout.data, FOLDER);
  const dumps = () =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".dump.age"))
      .sort();
  const before = dumps();
  const backup = start(checkout, "backup", "todo/db");
  await eventually("a part of a dump is written", () =>
    readdirSync(folder).some((file) => file.startsWith(".part-") && statSync(join(folder, file)).size > 0),
  );
  await backup.kill();
  assert.deepEqual(dumps(), before);
  const { dumps: made } = await checkout.json<{ dumps: { rows: number }[] }>(
    "backup",
    "todo/db",
    "--keep",
    "1",
  );
  assert.ok((made[0]?.rows ?? 0) >= ROWS);
  assert.equal(dumps().length, 1);
  const checked = await checkout.run("sh", "-c", `cd '${folder}' && sha256sum --check --quiet *.sha256`);
  assert.equal(checked.code, 0, checked.stderr);
}

/** Rehearses the restore of the newest dump, and removes the rows that made it large. */
export async function rehearses(checkout: Checkout): Promise<void> {
  const { rehearsals, failed } = await checkout.json<{
    rehearsals: { store: string; rows: number; jobs: string[]; ageSeconds: number }[];
    failed: unknown[];
  }>("restore", "--rehearse");
  assert.deepEqual(failed, []);
  const [done] = rehearsals;
  assert.equal(rehearsals.length, 1);
  assert.ok(done && done.rows >= ROWS && done.jobs.includes("migrate") && done.ageSeconds < 3600);
  const { sql } = await queries(checkout)();
  await sql("DROP TABLE IF EXISTS filler, after_dump");
}

/** Starts a command. `kill` ends it and its process group with SIGKILL, and fails if it had ended before. */
function start(checkout: Checkout, ...args: string[]) {
  const child = spawn("bin/longshore", args, {
    cwd: checkout.root,
    detached: true,
    stdio: "ignore",
    env: { ...process.env, XDG_DATA_HOME: checkout.dataHome, NO_COLOR: "1" },
  });
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    kill: async () => {
      if (child.exitCode === null) {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      }
      assert.deepEqual(await ended, [null, "SIGKILL"], `${args[0]} had ended`);
    },
  };
}
