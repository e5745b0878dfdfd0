import type { DatastoreRole } from "../references";
import type { PostgresDefinition } from "../types";
import { parseQuantity } from "../values";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import type {
  Login,
  PlannedDatastore,
  PlannedImage,
  PlannedSecret,
  PlanValue,
  PostgresRoles,
  SecretFile,
  Workload,
} from "./types";

const PORT = 5432;
/** The user of the official image. */
const USER = 999;
const DATA = "/var/lib/postgresql/data";
const SCRIPT = "/etc/longshore/roles.sh";
const SQL = "/etc/longshore/roles.sql";

/** Cloud SQL's smallest machine with a whole core. */
const DEFAULT_TIER = "db-custom-1-3840";

/** Roles of a database. PostgreSQL has no second password per login, so there are two logins to rotate between. */
export function postgresRoles(definition: Pick<PostgresDefinition, "name" | "database">): PostgresRoles {
  const base = definition.database.replace(/-/g, "_");
  const login = (suffix: string, secret: string): Login => ({
    name: `${base}_${suffix}`,
    secret: `${definition.name}-${secret}-password`,
  });
  return {
    admin: { name: "postgres", secret: `${definition.name}-admin-password` },
    owner: `${base}_owner`,
    app: `${base}_app`,
    migrate: login("migrate", "migrate"),
    logins: [login("app_a", "app-a"), login("app_b", "app-b")],
  };
}

export function loginOf(roles: PostgresRoles, role: DatastoreRole): Login {
  return { admin: roles.admin, migrate: roles.migrate, app: roles.logins[0] }[role];
}

export function planPostgres(definition: PostgresDefinition, settings: PlanSettings): PlannedDatastore {
  const chosen = settings.datastores?.[definition.name];
  return {
    name: definition.name,
    engine: "postgres",
    kind: chosen?.kind ?? (settings.target === "gcp" ? "cloud-sql" : "container"),
    version: definition.version,
    database: definition.database,
    port: PORT,
    storage: parseQuantity(definition.storage) ?? 0,
    extensions: [...definition.extensions].sort(),
    roles: postgresRoles(definition),
    tier: chosen?.tier ?? DEFAULT_TIER,
    highAvailability: chosen?.highAvailability ?? settings.environment === "prod",
  };
}

export function postgresSecrets(
  datastore: PlannedDatastore,
  configPath: (name: string) => string,
): PlannedSecret[] {
  const { admin, migrate, logins } = datastore.roles;
  return [admin, migrate, ...logins].map(({ secret }) => ({
    name: secret,
    from: "generated",
    length: 32,
    configPath: configPath(secret),
  }));
}

export function postgresImage({ name, version }: PlannedDatastore): PlannedImage {
  return {
    name,
    source: { kind: "upstream", reference: `postgres:${version}` },
    user: USER,
    runtime: "none",
  };
}

/** The database as a container. */
export function postgresWorkload(
  datastore: PlannedDatastore,
  definition: PostgresDefinition,
  settings: PlanSettings,
): Workload {
  const probe = {
    // Over TCP: while the data folder is being made, the server answers on its socket only.
    check: {
      kind: "exec",
      command: [
        "pg_isready",
        "-q",
        "-h",
        "127.0.0.1",
        "-U",
        datastore.roles.admin.name,
        "-d",
        datastore.database,
      ],
    },
    intervalSeconds: 5,
    timeoutSeconds: 3,
    failures: 6,
  } as const;
  return {
    ...container(datastore, datastore.name),
    kind: "store",
    command: ["postgres", ...serverOptions(datastore)],
    env: [
      { name: "PGDATA", value: `${DATA}/pgdata` },
      { name: "POSTGRES_DB", value: datastore.database },
      { name: "POSTGRES_USER", value: datastore.roles.admin.name },
    ],
    secretFiles: [secretFile("POSTGRES_PASSWORD", datastore.roles.admin)],
    ports: [{ name: "postgres", port: PORT }],
    probes: { live: probe, ready: probe, startupSeconds: 120 },
    resources: planResources(
      definition.environments[settings.environment]?.resources ?? definition.resources,
    ),
    writable: ["/tmp", "/var/run/postgresql"],
    volumes: [{ name: "data", path: DATA, size: datastore.storage }],
    // A fast shutdown (SIGTERM waits for clients) writes a checkpoint; a large cache takes its time.
    graceSeconds: 60,
  };
}

/** Makes roles, passwords and rights what the plan says. Runs before every migration; changes nothing when all is so. */
export function postgresRolesJob(datastore: PlannedDatastore): Workload {
  const { admin, migrate, logins } = datastore.roles;
  const host: PlanValue =
    datastore.kind === "container" ? datastore.name : { late: "host", datastore: datastore.name };
  return {
    ...container(datastore, `${datastore.name}-roles`),
    kind: "job",
    command: ["bash", SCRIPT],
    env: [
      { name: "PGDATABASE", value: datastore.database },
      { name: "PGHOST", value: host },
      { name: "PGPORT", value: String(PORT) },
      { name: "PGSSLMODE", value: datastore.kind === "container" ? "disable" : "require" },
      { name: "PGUSER", value: admin.name },
    ],
    secretFiles: [
      secretFile("APP_A_PASSWORD", logins[0]),
      secretFile("APP_B_PASSWORD", logins[1]),
      secretFile("MIGRATE_PASSWORD", migrate),
      secretFile("PGPASSWORD", admin),
    ],
    configFiles: [
      { path: SCRIPT, content: ROLES_SCRIPT },
      { path: SQL, content: rolesSql(datastore) },
    ],
    resources: planResources({ cpu: ["50m", "500m"], memory: ["64Mi", "128Mi"] }),
    after: datastore.kind === "container" ? [{ workload: datastore.name, condition: "healthy" }] : [],
    connects: [
      datastore.kind === "container"
        ? { to: "workload", workload: datastore.name, port: PORT }
        : { to: "datastore", datastore: datastore.name, port: PORT },
    ],
    timeoutSeconds: 300,
  };
}

/** What the database's container and its job have in common. */
function container(datastore: PlannedDatastore, name: string) {
  return {
    name,
    image: datastore.name,
    user: USER,
    configFiles: [],
    ports: [],
    probes: { startupSeconds: 60 },
    scale: { kind: "fixed", replicas: 1 },
    writable: ["/tmp"],
    volumes: [],
    after: [],
    connects: [],
    clients: [],
    egress: [],
    exceptions: [],
    graceSeconds: 30,
  } as const;
}

function secretFile(variable: string, login: Login): SecretFile {
  const name = variable.toLowerCase().replace(/_/g, "-");
  return {
    name,
    variable: `${variable}_FILE`,
    path: `/run/secrets/${name}`,
    value: { late: "secret", secret: login.secret },
  };
}

function serverOptions({ extensions }: PlannedDatastore): string[] {
  return extensions.includes("timescaledb") ? ["-c", "shared_preload_libraries=timescaledb"] : [];
}

// The password is in the process's environment only, which no other user can read and no inspection shows.
const ROLES_SCRIPT = `set -euo pipefail
export PGPASSWORD="$(cat "$PGPASSWORD_FILE")"
for attempt in $(seq 60); do
  pg_isready -q -t 3 && break
  [ "$attempt" -lt 60 ] || { echo "no answer from $PGHOST:$PGPORT within 2 minutes" >&2; exit 1; }
  sleep 2
done
exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=${SQL}
`;

function rolesSql({ database, roles, extensions }: PlannedDatastore): string {
  const { owner, app, migrate, logins } = roles;
  const all = [owner, app, migrate.name, ...logins.map(({ name }) => name)];
  const create = (role: string) =>
    `SELECT 'CREATE ROLE ${role} NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') \\gexec`;
  const login = (role: string, file: string) => [
    `\\set password \`cat "$${file}"\``,
    `ALTER ROLE ${role} LOGIN PASSWORD :'password';`,
  ];
  return [
    "-- Roles and rights of this database. Written by Longshore; changes nothing when all is as it says.",
    "SET client_min_messages = warning;",
    "-- A failing statement would otherwise be logged by the server with the password in it.",
    "SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user \\gset",
    "\\if :superuser",
    "SET log_statement = 'none';",
    "SET log_min_error_statement = 'panic';",
    "SET log_min_duration_statement = -1;",
    "\\endif",
    ...all.map(create),
    `GRANT ${owner} TO ${migrate.name}, CURRENT_USER;`,
    `GRANT ${app} TO ${logins.map(({ name }) => name).join(", ")};`,
    ...login(migrate.name, "MIGRATE_PASSWORD_FILE"),
    ...login(logins[0].name, "APP_A_PASSWORD_FILE"),
    ...login(logins[1].name, "APP_B_PASSWORD_FILE"),
    `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;`,
    `GRANT CONNECT, TEMPORARY ON DATABASE "${database}" TO ${app}, ${migrate.name};`,
    `ALTER SCHEMA public OWNER TO ${owner};`,
    "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
    `GRANT USAGE ON SCHEMA public TO ${app};`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${app};`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${app};`,
    ...extensions.map((extension) => `CREATE EXTENSION IF NOT EXISTS ${extension};`),
    "",
  ].join("\n");
}
