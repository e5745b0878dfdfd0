import { currentName, generationOf, previousName, type Generations } from "../generations";
import type { PostgresDefinition } from "../types";
import { SLOT } from "./postgres-archive-scripts";
import type { Login, PlannedPostgres, PostgresRoles } from "./types";

/** Path of the script in the database's jobs. */
export const SCRIPT = "/etc/longshore/roles.sh";
export const SQL = "/etc/longshore/roles.sql";

/** Returns the names of a database's secrets, by their user. */
export function postgresSecrets({ name }: Pick<PostgresDefinition, "name">) {
  const password = (of: string) => `${name}-${of}-password`;
  return {
    admin: password("admin"),
    app: password("app"),
    migrate: password("migrate"),
    metrics: password("metrics"),
    archive: password("archive"),
  };
}

const baseOf = (database: string): string => database.replace(/-/g, "_");
const archiveRole = (database: string): string => `${baseOf(database)}_archive`;

/**
 * Plans the roles of a database. PostgreSQL supports one password per login, so the application has two logins:
 * passwords with odd generations belong to the first, those with even generations to the second.
 */
export function postgresRoles(
  definition: Pick<PostgresDefinition, "name" | "database">,
  generations?: Generations,
): Required<PostgresRoles> & { readonly archive: Login } {
  const base = baseOf(definition.database);
  const secrets = postgresSecrets(definition);
  const login = (name: string, secret: string): Login => {
    const previous = previousName(generations, secret);
    return { name, secret: currentName(generations, secret), ...(previous !== undefined && { previous }) };
  };
  const [first, second] = [`${base}_app_a`, `${base}_app_b`];
  const isOdd = generationOf(generations, secrets.app).number % 2 === 1;
  return {
    admin: login("postgres", secrets.admin),
    owner: `${base}_owner`,
    app: `${base}_app`,
    migrate: login(`${base}_migrate`, secrets.migrate),
    login: login(isOdd ? first : second, secrets.app),
    resting: isOdd ? second : first,
    metrics: login(`${base}_metrics`, secrets.metrics),
    archive: login(archiveRole(definition.database), secrets.archive),
  };
}

// The password is only in the process's environment, which other users cannot read and `docker inspect` does not
// show. After a rotation, the server accepts either the new or the previous password.
export const ROLES_SCRIPT = `set -euo pipefail
export PGPASSWORD="$(cat "$PGPASSWORD_FILE")"
for attempt in $(seq 60); do
  pg_isready -q -t 3 && break
  [ "$attempt" -lt 60 ] || { echo "no answer from $PGHOST:$PGPORT within 2 minutes" >&2; exit 1; }
  sleep 2
done
if [ -n "\${PREVIOUS_PGPASSWORD_FILE:-}" ] && ! psql --no-psqlrc --quiet --command='SELECT' > /dev/null 2>&1; then
  export PGPASSWORD="$(cat "$PREVIOUS_PGPASSWORD_FILE")"
fi
exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=${SQL}
`;

const QUIET = [
  "SET client_min_messages = warning;",
  "-- A failing statement would otherwise be logged by the server with the password in it.",
  "SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user \\gset",
  "\\if :superuser",
  "SET log_statement = 'none';",
  "SET log_min_error_statement = 'panic';",
  "SET log_min_duration_statement = -1;",
  "\\endif",
];

/**
 * Returns the SQL that reconciles the roles with the plan. The resting login is unchanged, because it is in use until
 * the rollout has finished.
 */
export function rolesSql({ database, roles, extensions, kind, pointInTime }: PlannedPostgres): string {
  const { owner, app, migrate, admin, login, resting, metrics } = roles;
  const logins = [login.name, resting].sort();
  const all = [owner, app, migrate.name, ...logins, ...(metrics ? [metrics.name] : [])];
  const create = (role: string) =>
    `SELECT 'CREATE ROLE ${role} NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') \\gexec`;
  const password = (role: string, file: string, rights = "LOGIN ") => [
    `\\set password \`cat "$${file}"\``,
    `ALTER ROLE ${role} ${rights}PASSWORD :'password';`,
  ];
  return [
    "-- Roles and rights of this database. Written by Longshore; changes nothing when all is as it says.",
    ...QUIET,
    ...all.map(create),
    `GRANT ${owner} TO ${migrate.name}, CURRENT_USER;`,
    `GRANT ${app} TO ${logins.join(", ")};`,
    // A managed service changes its administrator's password itself.
    ...(admin.previous !== undefined && kind === "container"
      ? password(admin.name, "PGPASSWORD_FILE", "")
      : []),
    ...password(migrate.name, "MIGRATE_PASSWORD_FILE"),
    ...password(login.name, "APP_PASSWORD_FILE"),
    ...(login.previous === undefined ? [`ALTER ROLE ${resting} NOLOGIN PASSWORD NULL;`] : []),
    ...(metrics
      ? [...password(metrics.name, "METRICS_PASSWORD_FILE"), `GRANT pg_monitor TO ${metrics.name};`]
      : []),
    ...(kind === "container" ? archiveSql(database, pointInTime?.login, password) : []),
    `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;`,
    `GRANT CONNECT, TEMPORARY ON DATABASE "${database}" TO ${app}, ${migrate.name};`,
    ...(metrics ? [`GRANT CONNECT ON DATABASE "${database}" TO ${metrics.name};`] : []),
    `ALTER SCHEMA public OWNER TO ${owner};`,
    "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
    `GRANT USAGE ON SCHEMA public TO ${app};`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${app};`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${app};`,
    ...extensions.map((extension) => `CREATE EXTENSION IF NOT EXISTS ${extension};`),
    "",
  ].join("\n");
}

/**
 * Reconciles the login of the archive. Without an archive, its replication slot is removed: the server would keep WAL
 * for it until the disk is full.
 */
function archiveSql(
  database: string,
  login: Login | undefined,
  password: (role: string, file: string, rights: string) => string[],
): string[] {
  const name = login?.name ?? archiveRole(database);
  const found = `FROM pg_roles WHERE rolname = '${name}'`;
  return login
    ? [
        `SELECT 'CREATE ROLE ${name} NOLOGIN' WHERE NOT EXISTS (SELECT ${found}) \\gexec`,
        ...password(name, "ARCHIVE_PASSWORD_FILE", "LOGIN REPLICATION "),
      ]
    : [
        `SELECT 'ALTER ROLE ${name} NOLOGIN NOREPLICATION PASSWORD NULL' ${found} \\gexec`,
        "DO $$",
        "BEGIN",
        `  PERFORM pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = '${SLOT}' AND active;`,
        `  PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${SLOT}';`,
        "END",
        "$$;",
      ];
}

/** Seconds for sessions of the revoked login to end on their own, because a container may still be shutting down. */
const DRAIN_SECONDS = 30;

/** Returns the SQL that disables the login that a rotation has replaced. */
export function retireSql({ roles: { resting } }: PlannedPostgres): string {
  return [
    `-- Ends a login that a rotation has replaced. Written by Longshore.`,
    "SET client_min_messages = warning;",
    `GRANT ${resting} TO CURRENT_USER;`,
    `ALTER ROLE ${resting} NOLOGIN PASSWORD NULL;`,
    "DO $$",
    "BEGIN",
    `  FOR second IN 1..${DRAIN_SECONDS} LOOP`,
    "    PERFORM pg_stat_clear_snapshot();",
    `    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = '${resting}');`,
    "    PERFORM pg_sleep(1);",
    "  END LOOP;",
    `  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${resting}';`,
    "END",
    "$$;",
    "",
  ].join("\n");
}
