import type { z } from "zod";
import type { Environment, Runtime, Target } from "./choices";
import type { Problem } from "./problems";
import type { EndpointReference } from "./references";
import type {
  jobOptions,
  overlay,
  resources,
  scale,
  securityException,
  serviceOptions,
  SHARED_NETWORKS,
  volumeMount,
} from "./schema/container";
import type { kafkaOptions, neo4jOptions, postgresOptions, redisOptions, topic } from "./schema/datastores";
import type { probe, probeCheck } from "./schema/probe";
import type { rateLimit, routeOptions } from "./schema/route";

export {
  ENVIRONMENTS,
  EVICTIONS,
  MISSING_IMAGE,
  RUNTIMES,
  type Environment,
  type PostgresExtension,
  type RedisEviction,
  type Runtime,
} from "./choices";
export type { FileContent } from "./schema/container";

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

export type ProbeCheck = Readonly<z.output<typeof probeCheck>>;
export type Probe = Readonly<z.output<typeof probe>>;

/** Request and limit: what is reserved, and what is never exceeded. */
export type Resources = Readonly<z.output<typeof resources>>;

/** How many: a range that follows the load. */
export type Scale = Readonly<z.output<typeof scale>>;

/** Something a container may do that is denied by default, and why it must. */
export type SecurityException = Readonly<z.output<typeof securityException>>;
/** Use of devices of the machine, never by way of a privileged container. */
export type DeviceException = Extract<SecurityException, { allow: "device" }>;
export type PlainException = Exclude<SecurityException, DeviceException>;

export type VolumeMount = Readonly<z.output<typeof volumeMount>>;

/** A network that systems share, each by the members that name it. */
export type SharedNetwork = (typeof SHARED_NETWORKS)[number];

interface Named {
  readonly name: string;
}

/** A service: its options, complete with defaults, and its name. Images and dependencies are names. */
export type ServiceDefinition = Readonly<Named & z.output<typeof serviceOptions>>;

/** How a service is developed: sources mounted over the image, a reloading command, a debugger. */
export type Develop = Readonly<NonNullable<ServiceDefinition["develop"]>>;

/** Runs to its end once per release, before whatever comes `after` it. */
export type JobDefinition = Readonly<Named & z.output<typeof jobOptions>>;

/** What one environment changes. Everything else stays as described. */
export type Overlay = Readonly<z.output<typeof overlay>>;

interface StoreDefinition extends Named {
  readonly resources: Resources;
}

export type PostgresDefinition = Readonly<
  StoreDefinition & z.output<typeof postgresOptions> & { kind: "postgres"; database: string }
>;
export type RedisDefinition = Readonly<StoreDefinition & z.output<typeof redisOptions> & { kind: "redis" }>;
export type TopicDefinition = Readonly<z.output<typeof topic>>;
export type KafkaDefinition = Readonly<StoreDefinition & z.output<typeof kafkaOptions> & { kind: "kafka" }>;
export type Neo4jDefinition = Readonly<StoreDefinition & z.output<typeof neo4jOptions> & { kind: "neo4j" }>;

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
  readonly type: "text" | "number" | "boolean";
  /** @default - none: a stack must set it */
  readonly default?: SettingValue;
  /** The only values allowed. @default - any of the type */
  readonly oneOf?: readonly SettingValue[];
  /** Smallest number. @default - no limit */
  readonly min?: number;
  /** Largest number. @default - no limit */
  readonly max?: number;
  /** Regular expression that the whole text must match. @default - any text */
  readonly pattern?: string;
}

/** How many requests one client (by its address) may send. Requests beyond are answered with 429. */
export type RateLimit = Readonly<z.output<typeof rateLimit>>;

/** A path prefix of the system's address, and where its requests go. The longest prefix wins. */
export type RouteDefinition = Readonly<
  { path: string; to: EndpointReference } & z.output<typeof routeOptions>
>;

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
  /** Problems that the words found, such as a misspelt option. Paths are without the system's name. @default [] */
  readonly problems?: readonly Problem[];
}
