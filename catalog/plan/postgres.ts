import type { DatastoreProperty, DatastoreRole } from "../references";
import type { PostgresVersion } from "../choices";
import type { PostgresDefinition, PostgresExtension } from "../types";
import { parseQuantity } from "../../base/quantities";
import type { DatastoreKind, CredentialRevocation } from "./datastore-kind";
import { exporter, NOBODY, type Exporter } from "./exporter";
import { planResources } from "./resources";
import {
  postgresRoles,
  postgresSecrets,
  retireSql,
  ROLES_SCRIPT,
  rolesSql,
  SCRIPT,
  SQL,
} from "./postgres-roles";
import type { PlanSettings } from "./settings";
import { archiveFiles, archiveName, archiveOptions, archiveWorkload, preloaded } from "./postgres-archive";
import { containerOf, joined, secretFile, startFile } from "./store";
import type {
  Login,
  PlannedImage,
  PlannedPostgres,
  PlannedProbe,
  PlanValue,
  PostgresRoles,
  SecretFile,
  Workload,
} from "./types";

const PORT = 5432;
/** A published image and the user that it runs as. */
interface PublishedImage {
  readonly reference: (version: PostgresVersion) => string;
  readonly user: number;
}

const OFFICIAL_IMAGE: PublishedImage = { reference: (version) => `postgres:${version}`, user: 999 };
/** First release of pgvector for each major version. */
const PGVECTOR: Readonly<Record<PostgresVersion, string>> = { 17: "0.8.0", 18: "0.8.1" };
/** Extensions that the official image lacks, with an image of their publisher that contains them. */
export const EXTENSION_IMAGES: Readonly<Partial<Record<PostgresExtension, PublishedImage>>> = {
  // Based on Alpine, where the user has a different ID.
  timescaledb: { reference: (version) => `timescale/timescaledb:2.19.3-pg${version}`, user: 70 },
  vector: { reference: (version) => `pgvector/pgvector:${PGVECTOR[version]}-pg${version}`, user: 999 },
};

/** Mount path of the volume: the folder that the image declares as a volume, which its user owns. */
function dataFolder(version: PostgresVersion): string {
  return version >= 18 ? "/var/lib/postgresql" : "/var/lib/postgresql/data";
}

/** Cloud SQL's smallest machine type with a dedicated core. */
const DEFAULT_TIER = "db-custom-1-3840";

function loginOf(roles: PostgresRoles, role: DatastoreRole): Login {
  return { admin: roles.admin, migrate: roles.migrate, app: roles.login, none: roles.login }[role];
}

function planPostgres(definition: PostgresDefinition, settings: PlanSettings): PlannedPostgres {
  const chosen = settings.datastores?.[definition.name];
  const { metrics, archive, ...roles } = postgresRoles(definition, settings.generations);
  const kind =
    (chosen?.kind ?? (settings.target === "gcp" ? "cloud-sql" : "container")) === "cloud-sql"
      ? "cloud-sql"
      : "container";
  const { pointInTime } = settings;
  return {
    name: definition.name,
    engine: "postgres",
    kind,
    version: postgresVersion(definition, settings),
    database: definition.database,
    port: PORT,
    storage: parseQuantity(definition.storage) ?? 0,
    extensions: [...definition.extensions].sort(),
    roles: settings.monitoring ? { ...roles, metrics } : roles,
    authority: `${definition.name}-ca`,
    ...(pointInTime && kind === "container" && { pointInTime: { login: archive, ...pointInTime } }),
    tier: chosen?.tier ?? DEFAULT_TIER,
    highAvailability: chosen?.highAvailability ?? settings.environment === "prod",
  };
}

/** Returns the major version in an environment. */
export function postgresVersion(
  { name, version }: Pick<PostgresDefinition, "name" | "version">,
  { datastores }: Pick<PlanSettings, "datastores">,
): PostgresVersion {
  return datastores?.[name]?.version ?? version;
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

/**
 * Returns the image with the required extensions. A managed database uses an image only for the job that manages its
 * roles.
 */
function publishedFor({ kind, extensions }: Pick<PlannedPostgres, "kind" | "extensions">): PublishedImage {
  const own =
    kind === "container"
      ? extensions.flatMap((extension) => EXTENSION_IMAGES[extension] ?? [])[0]
      : undefined;
  return own ?? OFFICIAL_IMAGE;
}

/** The liveness probe tolerates WAL replay and exhausted connections; a restart would not help. */
const ANSWERS = '"$0" "$@"; [ $? -le 1 ]';

/** Plans the database's container. */
function postgresWorkload(
  datastore: PlannedPostgres,
  definition: PostgresDefinition,
  settings: PlanSettings,
): Workload {
  // Over TCP: while PostgreSQL initializes the data folder, it accepts connections only on its socket.
  const asks = ["-q", "-h", "127.0.0.1", "-U", datastore.roles.admin.name, "-d", datastore.database];
  const probe = (...command: readonly string[]): PlannedProbe => ({
    check: { kind: "exec", command: [...command, ...asks] },
    intervalSeconds: 5,
    timeoutSeconds: 3,
    failures: 6,
  });
  return {
    ...containerOf(datastore.name, datastore.name, publishedFor(datastore).user),
    kind: "store",
    command: ["postgres", ...serverOptions(datastore)],
    env: [
      { name: "PGDATA", value: `${dataFolder(datastore.version)}/pgdata` },
      { name: "POSTGRES_DB", value: datastore.database },
      { name: "POSTGRES_USER", value: datastore.roles.admin.name },
    ],
    secretFiles: [startFile("POSTGRES_PASSWORD", datastore.roles.admin.secret)],
    configFiles: datastore.pointInTime ? archiveFiles(datastore.pointInTime.login) : [],
    ports: [{ name: "postgres", port: PORT }],
    probes: {
      live: probe("sh", "-c", ANSWERS, "pg_isready"),
      ready: probe("pg_isready"),
      startupSeconds: 120,
    },
    resources: planResources(
      definition.environments[settings.environment]?.resources ?? definition.resources,
    ),
    writable: ["/tmp", "/var/run/postgresql"],
    volumes: [
      {
        name: "data",
        path: dataFolder(datastore.version),
        size: datastore.storage,
        holds: { kind: "postgres", version: String(datastore.version) },
      },
    ],
    // A fast shutdown writes a checkpoint, which takes long with a large cache. (SIGTERM would wait for clients.)
    graceSeconds: 60,
  };
}

/**
 * Plans the job that reconciles roles, passwords and grants with the plan. It runs before every migration and is
 * idempotent.
 */
function postgresRolesJob(datastore: PlannedPostgres): Workload {
  const { migrate, login, metrics } = datastore.roles;
  return sqlJob(datastore, "roles", rolesSql(datastore), [
    secretFile("APP_PASSWORD", login.secret),
    ...(datastore.pointInTime ? [secretFile("ARCHIVE_PASSWORD", datastore.pointInTime.login.secret)] : []),
    ...(metrics ? [secretFile("METRICS_PASSWORD", metrics.secret)] : []),
    secretFile("MIGRATE_PASSWORD", migrate.secret),
  ]);
}

/** Plans the job that disables the previous login after the last client has switched. */
function retireLogin(datastore: PlannedPostgres): CredentialRevocation | undefined {
  const { login } = datastore.roles;
  return login.previous === undefined
    ? undefined
    : { job: sqlJob(datastore, "retire", retireSql(datastore), []), secret: login.secret };
}

/** Plans a job that runs SQL statements as the administrator. */
function sqlJob(
  datastore: PlannedPostgres,
  purpose: string,
  sql: string,
  passwords: Workload["secretFiles"],
): Workload {
  const { admin } = datastore.roles;
  const host: PlanValue =
    datastore.kind === "container" ? datastore.name : { late: "host", datastore: datastore.name };
  return {
    ...containerOf(datastore.name, `${datastore.name}-${purpose}`, publishedFor(datastore).user),
    kind: "job",
    command: ["bash", SCRIPT],
    env: [
      { name: "PGDATABASE", value: datastore.database },
      { name: "PGHOST", value: host },
      { name: "PGPORT", value: String(PORT) },
      { name: "PGSSLMODE", value: datastore.kind === "container" ? "disable" : VERIFIED },
      { name: "PGUSER", value: admin.name },
    ],
    secretFiles: [
      ...passwords,
      secretFile("PGPASSWORD", admin.secret),
      ...(admin.previous !== undefined ? [secretFile("PREVIOUS_PGPASSWORD", admin.previous)] : []),
      ...authorityFiles(datastore, "PGSSLROOTCERT"),
    ],
    configFiles: [
      { path: SCRIPT, content: ROLES_SCRIPT },
      { path: SQL, content: sql },
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
    // The exporter has no health endpoint. Its start page links to the metrics.
    health: { live: "/", ready: "/" },
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

/**
 * libpq's mode that verifies the server's certificate, but not its name. Cloud SQL signs the certificate of each instance
 * with a CA of that instance alone, and names it PROJECT:INSTANCE, which is no host name.
 * Source: Cloud SQL's documentation "Authorize with SSL/TLS certificates".
 */
const VERIFIED = "verify-ca";

/** Contains a dot, so that no variable of the catalog has the same file. */
const authorityPath = ({ name }: PlannedPostgres): string => `/run/secrets/${name}.ca`;

function authorityFiles(planned: PlannedPostgres, variable: string): SecretFile[] {
  const { name, kind, authority } = planned;
  return kind === "container"
    ? []
    : [
        {
          name: `${name}.ca`,
          variable,
          path: authorityPath(planned),
          value: { late: "secret", secret: authority },
        },
      ];
}

function serverOptions(datastore: PlannedPostgres): string[] {
  const libraries = preloaded(datastore.extensions);
  return [
    ...(libraries === "" ? [] : ["-c", `shared_preload_libraries=${libraries}`]),
    ...(datastore.pointInTime ? archiveOptions(datastore) : []),
  ];
}

/** Plans the archive of a database's WAL, if its environment has one. */
function postgresArchive(datastore: PlannedPostgres): Workload[] {
  const { pointInTime, version } = datastore;
  const image = { user: publishedFor(datastore).user, folder: dataFolder(version) };
  return pointInTime ? [archiveWorkload(datastore, pointInTime, image)] : [];
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
      // In the private network of a machine or cluster, the container has no certificate.
      const tls =
        planned.kind === "container" ? "disable" : `${VERIFIED}&sslrootcert=${authorityPath(planned)}`;
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

export const postgres: DatastoreKind<PostgresDefinition, PlannedPostgres> = {
  properties: ["host", "port", "database", "username", "password", "url", "ownerRole"],
  names: (definition) => {
    const { name } = definition;
    return {
      jobs: [
        { name: `${name}-roles`, purpose: "keeps its roles" },
        { name: `${name}-retire`, purpose: "ends a login" },
      ],
      secrets: Object.values(postgresSecrets(definition)),
      former: [`${name}-app-a-password`, `${name}-app-b-password`],
      exporter: `${name}-exporter`,
      companions: [archiveName(name)],
    };
  },
  provided: ({ kind, authority }) => (kind === "cloud-sql" ? [authority] : []),
  authority: (planned) =>
    authorityFiles(planned, `${planned.name.toUpperCase().replaceAll("-", "_")}_CA_FILE`)[0],
  plan: planPostgres,
  image: postgresImage,
  store: postgresWorkload,
  companions: postgresArchive,
  job: postgresRolesJob,
  retire: retireLogin,
  exporter: postgresExporter,
  value: postgresValue,
};
