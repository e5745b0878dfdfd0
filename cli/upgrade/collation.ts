import type { Container, Engine } from "../compose/docker";
import { runIn } from "../compose/docker";

/** A collation whose rules differ from those that the indexes of a database were built with. */
export interface CollationChange {
  readonly system: string;
  readonly store: string;
  readonly database: string;
  /** Version of the C library or of ICU that the indexes were built with. */
  readonly recorded: string;
  readonly current: string;
}

/**
 * Databases whose recorded collation version differs from the server's. PostgreSQL records it per database (C library or
 * ICU); collations C and POSIX have none.
 */
const QUERY = `SELECT datname, datcollversion, pg_database_collation_actual_version(oid) FROM pg_database
WHERE datallowconn AND datcollversion <> pg_database_collation_actual_version(oid) ORDER BY 1`;

/** Over the socket, on which the image's own user needs no password. */
const COMMAND = [
  ...["sh", "-c"],
  'exec psql -X -A -t -F "|" -h /var/run/postgresql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$0"',
  QUERY,
];

/** Finds changed collations of running PostgreSQL containers. A server that does not answer has none. */
export async function collationChanges(
  engine: Engine,
  containers: readonly Container[],
): Promise<CollationChange[]> {
  const stores = containers.filter(
    ({ kind, state, image }) => kind === "store" && state === "running" && isPostgres(image),
  );
  const found = await Promise.all(
    stores.map(async ({ id, system, service: store }) => {
      const { code, stdout } = await runIn(engine, id, COMMAND);
      return code === 0 ? readChanges(stdout).map((change) => ({ system, store, ...change })) : [];
    }),
  );
  return found.flat();
}

function isPostgres(image: string): boolean {
  return /(^|\/)(postgres|pgvector|timescaledb):/.test(image);
}

export function readChanges(output: string): Pick<CollationChange, "database" | "recorded" | "current">[] {
  return output.split("\n").flatMap((line) => {
    const [current = "", recorded = "", ...name] = line.split("|").reverse();
    const database = name.reverse().join("|");
    return database === "" || recorded === "" ? [] : [{ database, recorded, current }];
  });
}

/** Warning with the procedure. */
export function collationText({ system, store, database, recorded, current }: CollationChange): string {
  return (
    `warning: ${system}/${store}: database ${database} was built with collation version ${recorded}, and its image has ` +
    `${current}: indexes on text may miss rows and accept duplicates. fix: bin/longshore exec ${system}/${store} -- sh -c ` +
    `'psql -h /var/run/postgresql -U "$POSTGRES_USER" -d ${database} -c "REINDEX DATABASE" ` +
    `-c "ALTER DATABASE \\"${database}\\" REFRESH COLLATION VERSION"'`
  );
}
