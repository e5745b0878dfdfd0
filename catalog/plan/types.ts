import type { Target } from "../choices";
import type {
  BuildSource,
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

/** How a datastore is provided: a container of the deployment, or a managed service. */
export type DatastoreKind = "container" | "cloud-sql" | "memorystore" | "managed-kafka";

/**
 * One system in one environment: resolved, complete, and sorted, so that every target renders the same
 * bytes twice. Plain data without Pulumi Outputs; what is known only later stays a LateValue.
 */
export interface Plan {
  readonly system: string;
  readonly environment: Environment;
  readonly target: Target;
  /** Host name that the system is served under. @default - none (Compose: the loopback address) */
  readonly host?: string;
  /** By name. What workloads run, and what these images are built upon. */
  readonly images: readonly PlannedImage[];
  /** By name. Every container: services, jobs, and the datastores that run as containers. */
  readonly workloads: readonly Workload[];
  /** Names of all workloads so that each comes after what it waits for. */
  readonly startOrder: readonly string[];
  /** By name. */
  readonly datastores: readonly PlannedDatastore[];
  /** By name. Every secret that some workload uses. */
  readonly secrets: readonly PlannedSecret[];
  /** Longest path first. */
  readonly routes: readonly PlannedRoute[];
  /** Where Compose sends what containers say. @default - files of this machine, rotated */
  readonly logging?: Logging;
  /** How the reverse proxy of a Compose project serves them with HTTPS. @default - with HTTP */
  readonly edgeTls?: EdgeTls;
  /** The workload that asks the reverse proxy for its numbers. @default - none */
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

/** A value that the target resolves. Known text is a plain string. */
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
  /** @default - the image's own */
  readonly command?: readonly string[];
  /** Numeric user and group. */
  readonly user: number;
  /** Sorted by name, without the `NAME_FILE` variables of secret files. Never holds a secret. */
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
  /** In-memory file systems; the root itself is read-only. */
  readonly writable: readonly string[];
  readonly volumes: readonly PlannedVolume[];
  /** What must be so before this starts. Sorted by workload. */
  readonly after: readonly Dependency[];
  /** Whom it talks to. Sorted. */
  readonly connects: readonly Connection[];
  /** Who talks to it: workloads, and "edge" where a route leads here. Sorted. */
  readonly clients: readonly { readonly from: string; readonly port: number }[];
  readonly egress: readonly { readonly host: string; readonly port: number }[];
  readonly exceptions: readonly SecurityException[];
  /** Roles on Google Cloud that it needs for the managed datastores it uses. Sorted. @default - none, and no identity there */
  readonly roles?: readonly string[];
  /** Labels of the nodes that it may run on. Sorted. @default - any node */
  readonly nodes?: Readonly<Record<string, string>>;
  /** NVIDIA GPUs of each container. @default - none */
  readonly gpu?: number;
  /** Kind of GPU that the environment asks for. @default - the catalog's, or the target's */
  readonly gpuType?: string;
  /** Seconds from SIGTERM to SIGKILL. */
  readonly graceSeconds: number;
  /** Longest run of a job in seconds. @default - no limit (not a job) */
  readonly timeoutSeconds?: number;
  readonly metrics?: { readonly port: number; readonly path: string };
  /** Present in environment dev on one machine only. */
  readonly develop?: PlannedDevelop;
  /** The profile that it was asked for by. @default - always started */
  readonly profile?: string;
  /** Port of the loopback address that leads to a port of the container. Target compose only. */
  readonly publish?: { readonly on: number; readonly port: number };
  /** Left out where its image cannot be had. @default false */
  readonly dispensable?: boolean;
  /** Networks that it shares with other systems. Sorted. @default - none */
  readonly shares?: readonly SharedNetwork[];
}

/** A secret as the container sees it: a file of its user, and a variable `NAME_FILE` with the path. */
export interface SecretFile {
  /** File name, unique in the workload, such as `database-url`. */
  readonly name: string;
  /** Variable that holds the path, such as `DATABASE_URL_FILE`. */
  readonly variable: string;
  /** `/run/secrets/database-url` */
  readonly path: string;
  readonly value: PlanValue;
  /** A new content is brought to the running container, which is not replaced for it. @default false */
  readonly live?: boolean;
}

export interface ConfigFile {
  readonly path: string;
  readonly content: string;
}

export interface Probes {
  readonly live?: PlannedProbe;
  readonly ready?: PlannedProbe;
  /** Seconds that the first start may take before `live` counts. */
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
}

export interface Dependency {
  readonly workload: string;
  readonly condition: "healthy" | "completed";
}

export type Connection =
  | { readonly to: "workload"; readonly workload: string; readonly port: number }
  | { readonly to: "datastore"; readonly datastore: string; readonly port: number };

/** Development mode; the workload's image is then the reloading stage. */
export interface PlannedDevelop {
  /** Sorted by path. `source` is a folder below the repository's root. */
  readonly mounts: readonly { readonly source: string; readonly path: string }[];
  readonly debug?: number;
  /** A folder in memory whose files may be run. */
  readonly build?: string;
}

/** A datastore and how it is provided. A container's workload has the same name. */
export type PlannedDatastore = PlannedPostgres | PlannedRedis | PlannedKafka | PlannedNeo4j;

interface PlannedStore {
  readonly name: string;
  readonly kind: DatastoreKind;
  /** Where clients connect. */
  readonly port: number;
  /** Bytes. */
  readonly storage: number;
}

export interface PlannedPostgres extends PlannedStore {
  readonly engine: "postgres";
  readonly kind: "container" | "cloud-sql";
  readonly version: number;
  readonly database: string;
  readonly extensions: readonly PostgresExtension[];
  readonly roles: PostgresRoles;
  /** Size of a managed instance. @default "db-custom-1-3840" (1 vCPU, 3.75 GiB) */
  readonly tier: string;
  /** Whether a managed instance has a standby in another zone. @default true in prod */
  readonly highAvailability: boolean;
}

export interface PlannedRedis extends PlannedStore {
  readonly engine: "redis";
  readonly kind: "container" | "memorystore";
  readonly version: number;
  readonly login: Login;
  /** Secret with the certificate of whoever signed a managed instance's own. */
  readonly authority: string;
  /** Whether a managed instance has a replica in another zone. @default true in prod */
  readonly highAvailability: boolean;
  /** Bytes. */
  readonly maxMemory: number;
  readonly eviction: RedisEviction;
  readonly appendOnly: boolean;
}

export interface PlannedKafka extends PlannedStore {
  readonly engine: "kafka";
  readonly kind: "container" | "managed-kafka";
  /** Size of a managed cluster: virtual CPUs, and memory in bytes. @default 3 and 3 GiB */
  readonly capacity: { readonly vcpus: number; readonly memory: number };
  readonly version: string;
  /** By name. */
  readonly topics: readonly PlannedTopic[];
}

export interface PlannedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Kafka's own names, such as `retention.ms`. Sorted by name. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
}

export interface PlannedNeo4j extends PlannedStore {
  readonly engine: "neo4j";
  readonly kind: "container";
  readonly version: string;
  readonly database: string;
  readonly login: Login;
  /** The user that the next rotation switches to, and this one has come from. */
  readonly resting: string;
  /** Name of the secret with the password of the image's own user. */
  readonly initial: string;
}

/** The roles of a database. The application's login is not the owner of the schema. */
export interface PostgresRoles {
  /** Superuser (managed: the provider's administrator), for Longshore's own job. */
  readonly admin: Login;
  /** Owns the schema, cannot log in. */
  readonly owner: string;
  /** Holds the rights of the application, cannot log in. */
  readonly app: string;
  /** Member of the owner. */
  readonly migrate: Login;
  /** Member of the app role. */
  readonly login: Login;
  /** The other member, which the next rotation switches to and this one has come from. */
  readonly resting: string;
  /** Reads statistics only (`pg_monitor`). @default - metrics are not collected */
  readonly metrics?: Login;
}

export interface Login {
  readonly name: string;
  /** Name of the secret with its password. */
  readonly secret: string;
  /** Name of the secret with the password before a rotation. @default - there has been none */
  readonly previous?: string;
}

export interface PlannedSecret {
  /** Name of the value, such as `db-app-password@2`. */
  readonly name: string;
  /** What the catalog calls it. */
  readonly secret: string;
  /** Which of its values this is, from 1 on. */
  readonly generation: number;
  /** `service`: the managed datastore makes it, and the deployment learns it there. */
  readonly from: "config" | "generated" | "service";
  /** What is made of it where it is generated. */
  readonly value: GeneratedValue;
  /** Path of the value in the stack's config, such as `longshore:secrets.todo.db-admin-password`. */
  readonly configPath: string;
}

export interface EdgeTls {
  /** Sorted by name. */
  readonly secretFiles: readonly [certificate: SecretFile, key: SecretFile];
  /** Whether browsers are told to come back with HTTPS only. Never for a certificate that they were not to trust. */
  readonly strict: boolean;
}

export interface PlannedRoute {
  readonly path: string;
  readonly workload: string;
  readonly port: number;
  /** Requests of one client in `seconds`, and how many beyond are served at once. */
  readonly rateLimit?: { readonly requests: number; readonly seconds: 1 | 60; readonly burst: number };
  /** Never empty: `*`, or scheme, host and port each. @default - none */
  readonly corsOrigins?: readonly string[];
  /** Bytes. @default - the proxy's own */
  readonly bodyLimit?: number;
  /** @default - no upgrades */
  readonly websocket?: true;
}
