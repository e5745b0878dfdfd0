import type { Problem } from "./problems";
import type { Target } from "./plan/types";
import type { EndpointReference, SecretReference, SettingReference, Value } from "./references";
import type { Cpu, Duration, Quantity } from "./values";

export const ENVIRONMENTS = ["local", "dev", "test", "staging", "prod"] as const;
/** `local` is a person's own machine; the others are the rungs of the ladder to production. */
export type Environment = (typeof ENVIRONMENTS)[number];

export const RUNTIMES = ["python", "node", "wget", "curl", "none"] as const;
/** What is in an image that can ask a HTTP endpoint from inside the container (Compose has no other way). */
export type Runtime = (typeof RUNTIMES)[number];

/** An image: built from a context in this repository, or taken from a public registry. */
export interface ImageDefinition {
  readonly name: string;
  readonly source: BuildSource | UpstreamSource;
  /** Numeric user (and group) that the container runs as. @default 1000 */
  readonly user: number;
  readonly runtime: Runtime;
}

export interface BuildSource {
  readonly kind: "build";
  /** Folder below the repository's root that holds the Dockerfile and all that it copies. */
  readonly context: string;
  /** @default "Dockerfile" */
  readonly dockerfile: string;
  /** Stage to build. @default - the last one */
  readonly target?: string;
  /** What the Dockerfile can read beside its context, by the name it has there. @default {} */
  readonly contexts?: Readonly<Record<string, BuildContext>>;
  /** Build arguments. Readable in the image's history. @default {} */
  readonly args?: Readonly<Record<string, string>>;
}

/** A folder below the repository's root (`COPY --from=NAME`), or another image of the system (`FROM NAME`). */
export type BuildContext =
  { readonly kind: "folder"; readonly path: string } | { readonly kind: "image"; readonly image: string };

export interface UpstreamSource {
  readonly kind: "upstream";
  /** `repository:tag`, as `docker pull` takes it. */
  readonly reference: string;
}

export type ProbeCheck =
  | { readonly kind: "http"; readonly path: string; readonly port?: string }
  | { readonly kind: "tcp"; readonly port?: string }
  | { readonly kind: "exec"; readonly command: readonly string[] };

export interface Probe {
  readonly check: ProbeCheck;
  /** @default "10s" */
  readonly interval: Duration;
  /** @default "3s" */
  readonly timeout: Duration;
  /** Failures in a row before the container counts as failed. @default 3 */
  readonly failures: number;
}

/** Request and limit: what is reserved, and what is never exceeded. */
export interface Resources {
  readonly cpu: readonly [request: Cpu, limit: Cpu];
  readonly memory: readonly [request: Quantity, limit: Quantity];
}

/** How many: a fixed number, or a range that follows the load. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  /** Average CPU in percent of the request that the autoscaler aims at. */
  readonly cpu?: number;
  /** Average memory in percent of the request that the autoscaler aims at. */
  readonly memory?: number;
}

/** Something a container may do that is denied by default, and why it must. */
export type SecurityException = PlainException | DeviceException;

export interface PlainException {
  /**
   * `engine-socket`: asks the container engine of the machine, as its root. Target compose only.
   * `writable-root`: on a cluster it may write 2 GiB beside its log.
   */
  readonly allow: "writable-root" | "net-bind-service" | "engine-socket";
  readonly reason: string;
}

/** Use of devices of the machine, never by way of a privileged container. */
export interface DeviceException {
  readonly allow: "device";
  /** The bus, or one serial port: `/dev/bus/usb`, `/dev/ttyUSB0`, `/dev/ttyACM0`. */
  readonly path: string;
  /** Numeric groups of the machine that may open it; on Debian 20 is dialout, 46 is plugdev. @default [] */
  readonly groups?: readonly number[];
  readonly reason: string;
}

export interface VolumeMount {
  readonly volume: string;
  readonly path: string;
  readonly size: Quantity;
}

/** How a service is developed: sources mounted over the image, a reloading command, a debugger. */
export interface Develop {
  /** Stage of the Dockerfile to build instead. @default "development" */
  readonly target: string;
  /**
   * Folders of the build context and where they are mounted: `{ src: "/app/src" }`. A folder of a named context is
   * written with its name: `{ "shared:src/lib": "/app/shared/lib" }`.
   */
  readonly mounts: Readonly<Record<string, string>>;
  /**
   * Port of the debugger, published on the loopback address; the container finds it in `DEBUG_PORT`.
   * @default - none
   */
  readonly debug?: number;
  /** @default - the stage's own */
  readonly command?: readonly string[];
  /** Folder in memory that programs are built in and started from; nowhere else can a container do so. @default - none */
  readonly build?: string;
}

/** A network that systems share, each by the members that ask for it. */
export type SharedNetwork = "metrics";

/** Text of a configuration file. Settings and addresses may be in it, secrets never: they have files of their own. */
export type FileContent =
  | Value
  /** One text or another, by whether an optional secret is set. */
  | { readonly whenSet: SecretReference; readonly then: Value; readonly otherwise: Value };

interface ContainerDefinition {
  readonly name: string;
  readonly image: string;
  /** Replaces the image's command. @default - the image's own */
  readonly command?: readonly Value[];
  readonly env: Readonly<Record<string, Value>>;
  /** Jobs and services that must have completed, or be ready, first (beyond those that `env` refers to). */
  readonly after: readonly string[];
  readonly resources: Resources;
  /** Hosts outside the deployment that may be reached, as `host:port`. */
  readonly egress: readonly string[];
  /** Paths that can be written to, in memory, lost on restart. @default ["/tmp"] */
  readonly writable: readonly string[];
  readonly volumes: readonly VolumeMount[];
  /** Configuration files by absolute path. */
  readonly files: Readonly<Record<string, FileContent>>;
  readonly exceptions: readonly SecurityException[];
  /** Labels that a node must have for this to run on it. @default {} */
  readonly nodes?: Readonly<Record<string, string>>;
  readonly environments: Readonly<Partial<Record<Environment, Overlay>>>;
  /** The environments that have it. @default - all */
  readonly only?: readonly Environment[];
  /** Started only when it is asked for by this name, on one machine. @default - always started */
  readonly profile?: string;
}

export interface ServiceDefinition extends ContainerDefinition {
  readonly ports: Readonly<Record<string, number>>;
  /** Never looks at dependencies: failing it restarts the container. */
  readonly live?: Probe;
  /** Looks at dependencies: failing it takes the container out of traffic. @default - the same as `live` */
  readonly ready?: Probe;
  /** Time for the first start before `live` counts. @default "60s" */
  readonly startup: Duration;
  /** Time from SIGTERM to SIGKILL. @default "30s" */
  readonly grace: Duration;
  readonly replicas?: number;
  readonly scale?: Scale;
  /** Where metrics are served. @default - none */
  readonly metrics?: { readonly port: string; readonly path: string };
  readonly develop?: Develop;
  /** Port on this machine's loopback address that leads to its first port. @default - reached over routes only */
  readonly publish?: number;
  /** On a person's machine left out, with a line that says so, where its image cannot be had. @default false */
  readonly dispensable?: boolean;
  /** Networks that it shares with other systems (target compose). @default - none */
  readonly shares?: readonly SharedNetwork[];
  /** What it runs instead of `image` where it gets a GPU. @default - the same image */
  readonly gpuImage?: string;
}

/** Runs to its end once per release, before whatever comes `after` it. */
export interface JobDefinition extends ContainerDefinition {
  /** Longest time the job may take. @default "10m" */
  readonly timeout: Duration;
}

/** What one environment changes. Everything else stays as described. */
export interface Overlay {
  readonly env?: Readonly<Record<string, Value>>;
  readonly replicas?: number;
  readonly scale?: Scale;
  readonly resources?: Resources;
  /** NVIDIA GPUs of each container. @default 0 */
  readonly gpu?: number;
}

interface StoreDefinition {
  readonly name: string;
  /** Disk where it runs as a container. */
  readonly storage: Quantity;
  readonly resources: Resources;
  readonly environments: Readonly<Partial<Record<Environment, { readonly resources?: Resources }>>>;
}

export type PostgresExtension = "vector" | "timescaledb" | "pg_trgm" | "pgcrypto" | "citext";

export interface PostgresDefinition extends StoreDefinition {
  readonly kind: "postgres";
  /** Major version. */
  readonly version: 17;
  readonly database: string;
  readonly extensions: readonly PostgresExtension[];
}

/** What Redis does when its memory is full: refuse writes, or forget keys (`volatile`: only those that expire). */
export const EVICTIONS = [
  "noeviction",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
] as const;
export type RedisEviction = (typeof EVICTIONS)[number];

export interface RedisDefinition extends StoreDefinition {
  readonly kind: "redis";
  /** Major version. */
  readonly version: 7;
  /** Memory for data; the container's limit leaves room for the rest. */
  readonly maxMemory: Quantity;
  readonly eviction: RedisEviction;
  /** Whether every write goes to disk. Without it all is lost on a restart. */
  readonly appendOnly: boolean;
}

export interface TopicDefinition {
  /** Can grow, never shrink. @default 1 */
  readonly partitions?: number;
  /** How long messages are kept. @default - Kafka's own: seven days */
  readonly retention?: Duration;
  /** Bytes per partition that are kept. @default - no limit */
  readonly retentionSize?: Quantity;
  /** `compact` keeps the last message of every key. @default "delete" */
  readonly cleanup?: "delete" | "compact";
}

export interface KafkaDefinition extends StoreDefinition {
  readonly kind: "kafka";
  readonly version: "4.1.1";
  readonly topics: Readonly<Record<string, TopicDefinition>>;
}

export interface Neo4jDefinition extends StoreDefinition {
  readonly kind: "neo4j";
  readonly version: "5.26";
}

export type DatastoreDefinition = PostgresDefinition | RedisDefinition | KafkaDefinition | Neo4jDefinition;
/** What a datastore is: `postgres`, `redis`, `kafka`, `neo4j`. */
export type Engine = DatastoreDefinition["kind"];

/** How a generated secret is made. */
export type GeneratedValue =
  /** Letters and digits, or hexadecimal digits. `length` counts characters. */
  | {
      readonly kind: "text";
      readonly length: number;
      /** @default - letters and digits */ readonly alphabet?: string;
    }
  | { readonly kind: "hex"; readonly length: number }
  /** One of a set of signing keys: text, of which the one after the one in use is always there as well. */
  | { readonly kind: "keys"; readonly length: number }
  /** One part of a certificate and its key, which are made together. Both in PEM. */
  | {
      readonly kind: "tls";
      readonly part: "certificate" | "key";
      /** What the catalog calls the two. */
      readonly pair: string;
      /** DNS names and addresses that it is for. */
      readonly names: readonly string[];
      /** How long it is valid. */
      readonly days: number;
      /** Who uses it reads it again by itself. @default false */
      readonly watched?: boolean;
    };

export interface SecretDefinition {
  readonly name: string;
  /** `config`: a person sets it. `generated`: made once, kept in encrypted config or state. */
  readonly from: "config" | "generated";
  /** What is made of it where it is generated. */
  readonly value: GeneratedValue;
  /** Environments that work without it; the variable is then absent. @default [] */
  readonly optionalIn: readonly Environment[];
}

export type SettingValue = string | number | boolean;

export interface SettingDefinition {
  readonly name: string;
  readonly default: SettingValue;
  /** The only values allowed. @default - any of the default's type */
  readonly oneOf?: readonly SettingValue[];
}

/** How many requests one client (by its address) may send; what is beyond is answered 429. */
export interface RateLimit {
  readonly requests: number;
  readonly per: "1s" | "1m";
  /** Requests beyond the rate that are served at once. @default - as many as `requests` */
  readonly burst?: number;
}

export interface RouteDefinition {
  /** Path prefix, starting with `/`. The longest match wins. */
  readonly path: string;
  readonly to: EndpointReference;
  /** @default - none */
  readonly rateLimit?: RateLimit;
  /**
   * Whose pages may call this route from a browser: origins such as `https://app.example.com`, separated by commas.
   * `*` is everyone. Without credentials: no cookies. @default - only the system's own pages
   */
  readonly cors?: { readonly origins: string | SettingReference };
  /** Largest request body; passed on as it arrives. @default - the proxy's own: 16 MiB with Compose */
  readonly bodyLimit?: Quantity;
  /** Whether connections may become WebSockets, and then stay open for an hour without a word. @default false */
  readonly websocket?: boolean;
}

/** A whole system as inert data: what it is, not where it runs. */
export interface SystemDefinition {
  readonly name: string;
  /** Where it can run. @default - on every target */
  readonly targets?: readonly Target[];
  readonly images: readonly ImageDefinition[];
  readonly services: readonly ServiceDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly datastores: readonly DatastoreDefinition[];
  readonly secrets: readonly SecretDefinition[];
  readonly settings: readonly SettingDefinition[];
  readonly routes: readonly RouteDefinition[];
  /** What only the describing functions could see, such as a misspelt option. Without the system's name. @default [] */
  readonly mistakes?: readonly Problem[];
}
