import type { PostgresVersion, Target } from "../choices";
import type {
  BuildSource,
  Engine,
  Environment,
  GeneratedValue,
  PostgresExtension,
  RedisEviction,
  SecurityException,
  UpstreamSource,
  Runtime,
  SharedNetwork,
} from "../types";
export { TARGETS, type Target } from "../choices";

/** How a datastore is provided: as a container of the deployment or as a managed service. */
export type DatastoreKind = "container" | "cloud-sql" | "memorystore" | "managed-kafka";

/**
 * One system in one environment: resolved, complete and sorted, so that rendering is deterministic. Plain data without
 * Pulumi Outputs; values that are known only later are of type LateValue.
 */
export interface Plan {
  readonly system: string;
  readonly environment: Environment;
  readonly target: Target;
  /** Host name of the system. @default - none (Compose: the loopback address) */
  readonly host?: string;
  /** Images of the workloads and their base images. Sorted by name. */
  readonly images: readonly PlannedImage[];
  /** Every container: services, jobs, and datastores that run as containers. Sorted by name. */
  readonly workloads: readonly Workload[];
  /** Names of all workloads, each after its dependencies. */
  readonly startOrder: readonly string[];
  /** Sorted by name. */
  readonly datastores: readonly PlannedDatastore[];
  /** Every secret that a workload uses. Sorted by name. */
  readonly secrets: readonly PlannedSecret[];
  /** Sorted by path, longest first. */
  readonly routes: readonly PlannedRoute[];
  /** Log driver of Compose. @default - rotated files on this machine */
  readonly logging?: Logging;
  /** Certificate with which the reverse proxy of a Compose project serves HTTPS. @default - plain HTTP */
  readonly edgeTls?: EdgeTls;
  /** Workload that exports the reverse proxy's metrics. @default - none */
  readonly edgeExporter?: string;
}

/** A log driver of the Docker Engine and its options. */
export interface Logging {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface PlannedImage {
  readonly name: string;
  readonly source: BuildSource | UpstreamSource;
  readonly user: number;
  readonly runtime: Runtime;
}

/** A value that the target resolves. A string is final. */
export type PlanValue = string | LateValue;

export type LateValue =
  | { readonly late: "secret"; readonly secret: string; readonly encode?: "uri" }
  /** Address of a managed datastore, known once it exists. */
  | { readonly late: "host"; readonly datastore: string }
  | { readonly late: "text"; readonly parts: readonly PlanValue[] };

export interface Workload {
  readonly name: string;
  readonly kind: "service" | "job" | "store";
  /** Name of a PlannedImage. */
  readonly image: string;
  /** Overrides the image's command. @default - the image's own */
  readonly command?: readonly string[];
  /** Numeric user and group ID. */
  readonly user: number;
  /** Sorted by name, without the `NAME_FILE` variables of secret files. Never contains a secret. */
  readonly env: readonly { readonly name: string; readonly value: PlanValue }[];
  /** Sorted by name. */
  readonly secretFiles: readonly SecretFile[];
  /** Sorted by path. */
  readonly configFiles: readonly ConfigFile[];
  /** Sorted by name. */
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly probes: Probes;
  readonly resources: PlannedResources;
  readonly scale: PlannedScale;
  /** Paths of in-memory file systems. The root file system is read-only. */
  readonly writable: readonly string[];
  readonly volumes: readonly PlannedVolume[];
  /** Conditions that must hold before this workload starts. Sorted by workload. */
  readonly after: readonly Dependency[];
  /** Outgoing connections. Sorted. */
  readonly connects: readonly Connection[];
  /** Incoming connections: from workloads, and from "edge" if a route leads here. Sorted. */
  readonly clients: readonly { readonly from: string; readonly port: number }[];
  readonly egress: readonly { readonly host: string; readonly port: number }[];
  readonly exceptions: readonly SecurityException[];
  /** Google Cloud roles required by its managed datastores. Sorted. @default - none, and no Google service account */
  readonly roles?: readonly string[];
  /** Required node labels. Sorted. @default - any node */
  readonly nodes?: Readonly<Record<string, string>>;
  /** NVIDIA GPUs per container. @default - none */
  readonly gpu?: number;
  /** GPU type from the environment's settings. @default - the target's */
  readonly gpuType?: string;
  /** Seconds from SIGTERM to SIGKILL. */
  readonly graceSeconds: number;
  /** Maximum duration of a job in seconds. @default - no limit (not a job) */
  readonly timeoutSeconds?: number;
  readonly metrics?: { readonly port: number; readonly path: string };
  /** Development mode. Present only in environment dev on one machine. */
  readonly develop?: PlannedDevelop;
  /** Active profile of the workload. @default - always started */
  readonly profile?: string;
  /** Loopback port that leads to a port of the container. Target compose only. */
  readonly publish?: { readonly on: number; readonly port: number };
  /** Whether the workload is skipped if its image cannot be pulled. @default false */
  readonly dispensable?: boolean;
  /** Networks shared with other systems. Sorted. @default - none */
  readonly shares?: readonly SharedNetwork[];
}

/** A secret in a container: a file that its user owns, and a variable `NAME_FILE` with the path. */
export interface SecretFile {
  /** File name, unique in the workload, such as `database-url`. */
  readonly name: string;
  /** Variable that holds the path, such as `DATABASE_URL_FILE`. */
  readonly variable: string;
  /** `/run/secrets/database-url` */
  readonly path: string;
  readonly value: PlanValue;
  /** Whether a new content is written into the running container instead of replacing the container. @default false */
  readonly live?: boolean;
}

export interface ConfigFile {
  readonly path: string;
  readonly content: string;
}

export interface Probes {
  readonly live?: PlannedProbe;
  readonly ready?: PlannedProbe;
  /** Maximum startup time in seconds before `live` applies. */
  readonly startupSeconds: number;
}

export interface PlannedProbe {
  readonly check:
    | { readonly kind: "http"; readonly path: string; readonly port: number }
    | { readonly kind: "tcp"; readonly port: number }
    | { readonly kind: "exec"; readonly command: readonly string[] };
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly failures: number;
}

export interface PlannedResources {
  /** Thousandths of a core. */
  readonly cpu: { readonly request: number; readonly limit: number };
  /** Bytes. */
  readonly memory: { readonly request: number; readonly limit: number };
}

export type PlannedScale =
  | { readonly kind: "fixed"; readonly replicas: number }
  | {
      readonly kind: "automatic";
      readonly min: number;
      readonly max: number;
      readonly cpu?: number;
      readonly memory?: number;
    };

export interface PlannedVolume {
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Kind and version of the datastore that writes it. @default - no datastore */
  readonly holds?: { readonly kind: Engine; readonly version: string };
}

export interface Dependency {
  readonly workload: string;
  readonly condition: "healthy" | "completed";
}

export type Connection =
  | { readonly to: "workload"; readonly workload: string; readonly port: number }
  | { readonly to: "datastore"; readonly datastore: string; readonly port: number };

/** Development mode of a workload. Its image is then the reloading stage. */
export interface PlannedDevelop {
  /** Mounted folders below the repository's root. Sorted by path. */
  readonly mounts: readonly { readonly source: string; readonly path: string }[];
  readonly debug?: number;
  /** Executable folder in memory. */
  readonly build?: string;
}

/** A datastore and how it is provided. A container's workload has the same name. */
export type PlannedDatastore = PlannedPostgres | PlannedRedis | PlannedKafka | PlannedNeo4j;

interface PlannedDatastoreBase {
  readonly name: string;
  readonly kind: DatastoreKind;
  /** Port for clients. */
  readonly port: number;
  /** Bytes. */
  readonly storage: number;
}

export interface PlannedPostgres extends PlannedDatastoreBase {
  readonly engine: "postgres";
  readonly kind: "container" | "cloud-sql";
  readonly version: PostgresVersion;
  readonly database: string;
  readonly extensions: readonly PostgresExtension[];
  readonly roles: PostgresRoles;
  /** Name of the secret with the CA certificate of a managed instance. */
  readonly authority: string;
  /** Archive of a container's WAL, for restores to any moment. @default - none */
  readonly pointInTime?: {
    /** Login that may replicate, and nothing else. */
    readonly login: Login;
    /** Days that any moment can be restored. */
    readonly keepDays: number;
  };
  /** Machine type of a managed instance. @default "db-custom-1-3840" (1 vCPU, 3.75 GiB) */
  readonly tier: string;
  /** Whether a managed instance has a standby in another zone. @default true in prod */
  readonly highAvailability: boolean;
}

export interface PlannedRedis extends PlannedDatastoreBase {
  readonly engine: "redis";
  readonly kind: "container" | "memorystore";
  readonly version: number;
  readonly login: Login;
  /** Name of the secret with the CA certificate of a managed instance. */
  readonly authority: string;
  /** Whether a managed instance has a replica in another zone. @default true in prod */
  readonly highAvailability: boolean;
  /** Bytes. */
  readonly maxMemory: number;
  readonly eviction: RedisEviction;
  readonly appendOnly: boolean;
}

export interface PlannedKafka extends PlannedDatastoreBase {
  readonly engine: "kafka";
  readonly kind: "container" | "managed-kafka";
  /** Capacity of a managed cluster: vCPUs, and memory in bytes. @default 3 and 3 GiB */
  readonly capacity: { readonly vcpus: number; readonly memory: number };
  readonly version: string;
  /** Sorted by name. */
  readonly topics: readonly PlannedTopic[];
}

export interface PlannedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Kafka topic configuration, such as `retention.ms`. Sorted by name. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
}

export interface PlannedNeo4j extends PlannedDatastoreBase {
  readonly engine: "neo4j";
  readonly kind: "container";
  readonly version: string;
  readonly database: string;
  readonly login: Login;
  /** The other user. The last rotation switched away from it, and the next one switches to it. */
  readonly resting: string;
  /** Name of the secret with the initial password of the image's own user. */
  readonly initial: string;
}

/** The roles of a database. The application's login is not the owner of the schema. */
export interface PostgresRoles {
  /** Superuser (managed: the provider's administrator), used by Longshore's own job. */
  readonly admin: Login;
  /** Owner of the schema. Cannot log in. */
  readonly owner: string;
  /** Holds the application's privileges. Cannot log in. */
  readonly app: string;
  /** Migration login, a member of the owner role. */
  readonly migrate: Login;
  /** Current application login, a member of the app role. */
  readonly login: Login;
  /** Other application login. The last rotation switched away from it, and the next one switches to it. */
  readonly resting: string;
  /** Login that may only read statistics (`pg_monitor`). @default - metrics are not collected */
  readonly metrics?: Login;
}

export interface Login {
  readonly name: string;
  /** Name of the secret with the current password. */
  readonly secret: string;
  /** Name of the secret with the previous password. @default - the password was never rotated */
  readonly previous?: string;
}

export interface PlannedSecret {
  /** Name of the value, such as `db-app-password@2`. */
  readonly name: string;
  /** Name of the secret in the catalog. */
  readonly secret: string;
  /** Generation of the value, starting at 1. */
  readonly generation: number;
  /** Origin of the value. `service`: the managed datastore generates it, and the deployment reads it from there. */
  readonly from: "config" | "generated" | "service";
  /** Format of a generated value. */
  readonly value: GeneratedValue;
  /** Path of the value in the stack's config, such as `longshore:secrets.todo.db-admin-password`. */
  readonly configPath: string;
}

export interface EdgeTls {
  /** Sorted by name. */
  readonly secretFiles: readonly [certificate: SecretFile, key: SecretFile];
  /** Whether to send the HSTS header. Never for a self-signed certificate. */
  readonly strict: boolean;
}

export interface PlannedRoute {
  readonly path: string;
  readonly workload: string;
  readonly port: number;
  /** Requests per client in `seconds`, and the number of additional requests served immediately. */
  readonly rateLimit?: { readonly requests: number; readonly seconds: 1 | 60; readonly burst: number };
  /** Allowed origins: `*`, or scheme, host and port each. Never empty. @default - none */
  readonly corsOrigins?: readonly string[];
  /** Maximum size of a request body in bytes. @default - the proxy's own */
  readonly bodyLimit?: number;
  /** Whether WebSocket upgrades are allowed. @default - no upgrades */
  readonly websocket?: true;
}
