import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { SLOT } from "../../catalog/plan/postgres-archive-scripts";
import { ArchivedDatabase } from "../support/archived-database";
import { docker } from "../support/compose-stack";
import { eventually } from "../support/wait";

const PROJECT = "longshore-archive-test";
/** WAL in megabytes that the server keeps for an archive that is down, and that it recycles. */
const KEPT = 48;
const RECYCLED = 64;
const SEGMENT = 16;
/** The recovery point objective that docs/how-to/backups.md states. */
const RPO_MS = 5 * 60_000;
/** Ends the current WAL segment. */
const NEXT_SEGMENT = "SELECT pg_logical_emit_message(true, '', 'x'); SELECT pg_switch_wal();";

describe("The archive of a PostgreSQL server", function () {
  this.timeout(180_000);
  const database = new ArchivedDatabase(PROJECT, (text) =>
    text.replace(
      /max_slot_wal_keep_size=\d+MB/,
      `max_slot_wal_keep_size=${KEPT}MB","-c","max_wal_size=${RECYCLED}MB","-c","min_wal_size=32MB`,
    ),
  );
  const lines = (count: number) =>
    eventually(`${count} sequences can be restored`, () => database.windows(), {
      until: (all) => all.length === count,
    });

  before(async () => {
    await database.start();
    database.sql("CREATE TABLE log (n bigint PRIMARY KEY)");
  });
  after(() => {
    database.remove();
  });

  it("restores the rows of a moment before an accident, while others are written", async () => {
    const writer = database.writer();
    await writer.some(100);
    const moment = new Date();
    await writer.some(writer.acknowledged.length + 100);
    await writer.stop();
    database.sql("DELETE FROM log");
    await database.untilArchived(new Date().toISOString());
    await database.bring(await database.recover(moment.toISOString()));
    const restored = new Set(database.rows());
    for (const { row, sent, at } of writer.acknowledged) {
      if (at < moment.getTime()) {
        assert.ok(restored.has(row), `row ${row} was acknowledged before the moment`);
      } else if (sent > moment.getTime()) {
        assert.ok(!restored.has(row), `row ${row} was written after the moment`);
      }
    }
    assert.equal(database.sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%longshore%'"), "0");
    // The archive continues after the restore, without a gap.
    await database.untilArchived(new Date().toISOString());
    await lines(1);
  });

  it("refuses a moment whose WAL has a damaged or missing segment, and names a fix", async () => {
    database.sql(NEXT_SEGMENT.repeat(3));
    const moment = new Date().toISOString();
    await database.untilArchived(moment);
    const segment = await eventually(
      "a segment is compressed",
      () => database.inArchive("ls lines/*/wal/*.gz | tail -n 2 | head -n 1"),
      { until: (name) => name !== "" },
    );
    const before = database.rows().length;
    const name = segment.replace(/.*\/|\.gz$/g, "");
    const refusal = new RegExp(
      `${name} is missing or damaged; nothing was restored[^]*fix: restore to a time before 20`,
    );
    database.inArchive(`head -c 2000 ${segment} > /tmp/part && cat /tmp/part > ${segment}`);
    await assert.rejects(database.recover(moment), refusal);
    database.inArchive(`rm ${segment}`);
    await assert.rejects(database.recover(moment), refusal);
    assert.equal(database.rows().length, before);
  });

  it("limits the WAL that is kept while it is down, and refuses moments of the gap", async () => {
    database.compose("stop", "--timeout", "5", "db-archive");
    database.sql(NEXT_SEGMENT.repeat(16));
    database.sql("CHECKPOINT");
    database.sql("CHECKPOINT");
    const status = `SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${SLOT}'`;
    assert.equal(database.sql(status), "lost");
    const kept = Number(database.sql("SELECT sum(size) / 1024 / 1024 FROM pg_ls_waldir()"));
    assert.ok(kept <= KEPT + RECYCLED + 2 * SEGMENT, `${kept} MB of WAL`);
    const moment = new Date().toISOString();
    database.compose("start", "db-archive");
    await lines(2);
    await assert.rejects(
      database.recover(moment),
      /expected a time that the archive covers, got .*; it covers:\n +from 20\S+Z to 20\S+Z\n +from 20\S+Z to/,
    );
  });

  it("has every write until its last confirmation when the server and its disk are lost", async () => {
    const writer = database.writer();
    await writer.some(200);
    docker("kill", "--signal", "KILL", database.container("db").id);
    const lost = Date.now();
    await writer.stop();
    const until = (await database.windows()).at(-1)?.until ?? "";
    assert.ok(lost - Date.parse(until) < RPO_MS, `the last confirmation is of ${until}`);
    database.compose("rm", "--force", "db");
    docker("volume", "rm", `${PROJECT}_db_data`);
    database.compose("up", "--detach", "--force-recreate", "db-roles");
    await lines(3);
    await database.bring(await database.recover(until));
    const restored = new Set(database.rows());
    const due = writer.acknowledged.filter(({ at }) => at < Date.parse(until));
    assert.deepEqual(
      due.filter(({ row }) => !restored.has(row)),
      [],
    );
    assert.ok(restored.size > 0);
  });

  it("leaves no replication slot and no login when the setting is turned off", () => {
    database.write(database.plan(false));
    database.compose("run", "--rm", "--no-deps", "db-roles");
    assert.equal(database.sql("SELECT count(*) FROM pg_replication_slots"), "0");
    const rights = "SELECT rolcanlogin OR rolreplication FROM pg_roles WHERE rolname = 'shop_archive'";
    assert.equal(database.sql(rights), "f");
  });
});
