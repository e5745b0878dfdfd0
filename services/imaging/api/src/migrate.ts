import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { runner } from "node-pg-migrate";
import { createLog, describe, type Log } from "./logs.ts";
import { isUnavailable } from "./problems.ts";
import { loadSettings, SettingsError, type Settings } from "./settings.ts";

/** Milliseconds that migrations wait for the database to come up. */
const WAIT = 60_000;

/** `node migrate.js`: brings the schema to the head of this build. Safe to run again, and at once. */
async function migrate(settings: Settings, log: Log): Promise<void> {
  const client = await connect(settings.DATABASE_URL);
  try {
    if (settings.DATABASE_OWNER_ROLE !== undefined) {
      await client.query(`set role ${pg.escapeIdentifier(settings.DATABASE_OWNER_ROLE)}`);
    }
    // Another run at the same time: the second one waits, and then finds nothing to do.
    await client.query("select pg_advisory_lock(hashtext('imaging migrations'))");
    const done = await runner({
      dbClient: client,
      dir: fileURLToPath(new URL("migrations", import.meta.url)),
      ignorePattern: ".*\\.map",
      direction: "up",
      migrationsTable: "migration",
      noLock: true,
      logger: {
        debug: (message) => log.debug(message),
        info: (message) => log.debug(message),
        warn: (message) => log.warn(message),
        error: (message) => log.error(message),
      },
    });
    log.info({ migrations: done.map(({ name }) => name) }, `${done.length} migrations applied`);
  } finally {
    await client.end();
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const deadline = Date.now() + WAIT;
  for (;;) {
    const client = new pg.Client({ connectionString, application_name: "imaging-migrate" });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (!isUnavailable(error) || Date.now() > deadline) {
        throw error;
      }
      await sleep(500);
    }
  }
}

try {
  const settings = loadSettings();
  await migrate(settings, createLog(settings.LOG_LEVEL));
} catch (error) {
  process.stderr.write(`migrate: ${error instanceof SettingsError ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}
