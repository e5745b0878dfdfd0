import type { DatastoreProperty, DatastoreRole } from "../references";
import type { PostgresDefinition, PostgresExtension } from "../types";
import { parseQuantity } from "../values";
import type { EngineRules } from "./engine";
import { exporter, NOBODY, type Exporter } from "./monitoring";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import { containerOf, joined, secretFile } from "./store";
import type { Login, PlannedImage, PlannedPostgres, PlanValue, PostgresRoles, Workload } from "./types";

const PORT = 5432;
/** Whom a published image runs as, and what it is called. */
interface Published {
  readonly reference: (version: number) => string;
  readonly user: number;
}

const OFFICIAL: Published = { reference: (version) => `postgres:${version}`, user: 999 };
/** Extensions that the official image has not, and the image of their makers that has. */
export const PUBLISHED: Readonly<Partial<Record<PostgresExtension, Published>>> = {
  // Made upon Alpine, where the user has another number.
  timescaledb: { reference: (version) => `timescale/timescaledb:2.19.3-pg${version}`, user: 70 },
  vector: { reference: (version) => `pgvector/pgvector:0.8.0-pg${version}`, user: 999 },
};
const DATA = "/var/lib/postgresql/data";
const SCRIPT = "/etc/longshore/roles.sh";
const SQL = "/etc/longshore/roles.sql";

/** Cloud SQL's smallest machine with a whole core. */
const DEFAULT_TIER = "db-custom-1-3840";

/** Roles of a database. PostgreSQL has no second password per login, so there are two logins to rotate between. */
export function postgresRoles(
  definition: Pick<PostgresDefinition, "name" | "database">,
): Required<PostgresRoles> {
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
    metrics: login("metrics", "metrics"),
  };
}

function loginOf(roles: PostgresRoles, role: DatastoreRole): Login {
  return { admin: roles.admin, migrate: roles.migrate, app: roles.logins[0], none: roles.logins[0] }[role];
}

function planPostgres(definition: PostgresDefinition, settings: PlanSettings): PlannedPostgres {
  const chosen = settings.datastores?.[definition.name];
  const { metrics, ...roles } = postgresRoles(definition);
  return {
    name: definition.name,
    engine: "postgres",
    kind:
      (chosen?.kind ?? (settings.target === "gcp" ? "cloud-sql" : "container")) === "cloud-sql"
        ? "cloud-sql"
        : "container",
    version: definition.version,
    database: definition.database,
    port: PORT,
    storage: parseQuantity(definition.storage) ?? 0,
    extensions: [...definition.extensions].sort(),
    roles: settings.monitoring ? { ...roles, metrics } : roles,
    tier: chosen?.tier ?? DEFAULT_TIER,
    highAvailability: chosen?.highAvailability ?? settings.environment === "prod",
  };
}

function postgresImage(planned: PlannedPostgres): PlannedImage {
  const { reference, user } = publishedFor(planned);
  return {
    name: planned.name,
    source: { kind: "upstream", reference: reference(planned.version) },
    user,
    runtime: "none",
  };
}

/** The image that has the extensions. A managed database needs one only for the job that keeps its roles. */
function publishedFor({ kind, extensions }: Pick<PlannedPostgres, "kind" | "extensions">): Published {
  const own =
    kind === "container" ? extensions.flatMap((extension) => PUBLISHED[extension] ?? [])[0] : undefined;
  return own ?? OFFICIAL;
}

/** The database as a container. */
function postgresWorkload(
  datastore: PlannedPostgres,
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
    ...containerOf(datastore.name, datastore.name, publishedFor(datastore).user),
    kind: "store",
    command: ["postgres", ...serverOptions(datastore)],
    env: [
      { name: "PGDATA", value: `${DATA}/pgdata` },
      { name: "POSTGRES_DB", value: datastore.database },
      { name: "POSTGRES_USER", value: datastore.roles.admin.name },
    ],
    secretFiles: [secretFile("POSTGRES_PASSWORD", datastore.roles.admin.secret)],
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
function postgresRolesJob(datastore: PlannedPostgres): Workload {
  const { admin, migrate, logins, metrics } = datastore.roles;
  const host: PlanValue =
    datastore.kind === "container" ? datastore.name : { late: "host", datastore: datastore.name };
  return {
    ...containerOf(datastore.name, `${datastore.name}-roles`, publishedFor(datastore).user),
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
      secretFile("APP_A_PASSWORD", logins[0].secret),
      secretFile("APP_B_PASSWORD", logins[1].secret),
      ...(metrics ? [secretFile("METRICS_PASSWORD", metrics.secret)] : []),
      secretFile("MIGRATE_PASSWORD", migrate.secret),
      secretFile("PGPASSWORD", admin.secret),
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

function postgresExporter({ name, kind, port, database, roles }: PlannedPostgres): Exporter | undefined {
  if (kind !== "container" || !roles.metrics) {
    return undefined;
  }
  return exporter({
    of: name,
    image: {
      source: { kind: "upstream", reference: "prometheuscommunity/postgres-exporter:v0.17.1" },
      user: NOBODY,
      runtime: "wget",
    },
    port: 9187,
    container: {
      command: ["--log.format=json", "--no-collector.wal"],
      env: [
        { name: "DATA_SOURCE_URI", value: `${name}:${port}/${database}?sslmode=disable` },
        { name: "DATA_SOURCE_USER", value: roles.metrics.name },
      ],
      secretFiles: [secretFile("DATA_SOURCE_PASS", roles.metrics.secret)],
    },
  });
}

function serverOptions({ extensions }: PlannedPostgres): string[] {
  return extensions.includes("timescaledb") ? ["-c", "shared_preload_libraries=timescaledb"] : [];
}

function postgresValue(
  planned: PlannedPostgres,
  property: DatastoreProperty,
  role: DatastoreRole,
): PlanValue | undefined {
  const host: PlanValue =
    planned.kind === "container" ? planned.name : { late: "host", datastore: planned.name };
  const login = loginOf(planned.roles, role);
  switch (property) {
    case "host":
      return host;
    case "port":
      return String(planned.port);
    case "database":
      return planned.database;
    case "username":
      return login.name;
    case "ownerRole":
      return planned.roles.owner;
    case "password":
      return { late: "secret", secret: login.secret };
    case "url": {
      // Inside one machine's or cluster's private network the container has no certificate; Cloud SQL insists on TLS.
      const tls = planned.kind === "container" ? "disable" : "require";
      return joined([
        `postgresql://${login.name}:`,
        { late: "secret", secret: login.secret, encode: "uri" },
        "@",
        host,
        `:${planned.port}/${planned.database}?sslmode=${tls}`,
      ]);
    }
    default:
      return undefined;
  }
}

export const postgres: EngineRules<PostgresDefinition, PlannedPostgres> = {
  properties: ["host", "port", "database", "username", "password", "url", "ownerRole"],
  names: (definition) => {
    const { admin, migrate, logins, metrics } = postgresRoles(definition);
    return {
      job: { name: `${definition.name}-roles`, does: "keeps its roles" },
      secrets: [admin, migrate, ...logins, metrics].map(({ secret }) => secret),
      exporter: `${definition.name}-exporter`,
    };
  },
  plan: planPostgres,
  image: postgresImage,
  store: postgresWorkload,
  job: postgresRolesJob,
  exporter: postgresExporter,
  value: postgresValue,
};

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

function rolesSql({ database, roles, extensions }: PlannedPostgres): string {
  const { owner, app, migrate, logins, metrics } = roles;
  const all = [
    owner,
    app,
    migrate.name,
    ...logins.map(({ name }) => name),
    ...(metrics ? [metrics.name] : []),
  ];
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
    ...(metrics
      ? [...login(metrics.name, "METRICS_PASSWORD_FILE"), `GRANT pg_monitor TO ${metrics.name};`]
      : []),
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
