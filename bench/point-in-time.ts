import { cpus, loadavg } from "node:os";
import { ArchivedDatabase } from "../tests/support/archived-database";

/**
 * How long a restore of PostgreSQL to a moment takes (the recovery time), with a database of about 1 GB: from the
 * command to the switch. Uses the machine's Docker, or the lab's.
 */
const ROWS = 3_300_000;
/** Written after the base backup, so that its WAL is replayed. */
const LATER = 300_000;

async function main(): Promise<void> {
  const database = new ArchivedDatabase("longshore-archive-bench");
  const insert = (count: number) =>
    database.sql(
      `INSERT INTO big (text) SELECT repeat(md5(random()::text), 8) FROM generate_series(1, ${count})`,
    );
  try {
    await database.start();
    database.sql("CREATE TABLE big (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text)");
    insert(ROWS);
    const size = Number(database.sql("SELECT pg_database_size('shop')"));
    // A new base backup is taken when there is none.
    database.inArchive("rm -rf lines/*/base/*Z");
    await database.untilArchived(new Date().toISOString());
    let windows = await database.windows();
    while (windows.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      windows = await database.windows();
    }
    insert(LATER);
    const moment = new Date().toISOString();
    await database.untilArchived(moment);
    const started = performance.now();
    const state = await database.recover(moment);
    const recovered = performance.now();
    await database.bring(state);
    const ended = performance.now();
    const rows = Number(database.sql("SELECT count(*) FROM big"));
    if (rows !== ROWS + LATER) {
      throw new Error(`expected ${ROWS + LATER} rows, got ${rows}`);
    }
    const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
    const load = loadavg()[0] ?? 0;
    console.log(`database: ${(size / 1e9).toFixed(2)} GB, ${rows} rows`);
    console.log(
      `recovery of the moment: ${seconds(recovered - started)}; restore: ${seconds(ended - recovered)}`,
    );
    console.log(`in all: ${seconds(ended - started)}`);
    console.log(
      `${cpus().length} processors (${cpus()[0]?.model}), load ${load.toFixed(1)}, ${new Date().toISOString()}`,
    );
  } finally {
    database.remove();
  }
}

void main();
