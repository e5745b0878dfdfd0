import type { z } from "zod";
import type { Environment, Runtime, Target } from "./choices";
import type { Problem } from "../base/problems";
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

/** An image that is built from a context in this repository or pulled from a public registry. */
export interface ImageDefinition {
  readonly name: string;
  readonly source: BuildSource | UpstreamSource;
  /** Numeric user (and group) that the container runs as. @default 1000 */
  readonly user: number;
  readonly runtime: Runtime;
}

export interface BuildSource {
  readonly kind: "build";
  /** Folder below the repository's root with the Dockerfile and every file that it copies. */
  readonly context: string;
  /** @default "Dockerfile" */
  readonly dockerfile: string;
  /** Dockerfile stage to build. @default - the last one */
  readonly target?: string;
  /** Named build contexts by name. @default {} */
  readonly contexts?: Readonly<Record<string, BuildContext>>;
  /** Build arguments, visible in the image's history. @default {} */
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

/** Resource requests and limits. */
export type Resources = Readonly<z.output<typeof resources>>;

/** Bounds and targets of the autoscaler. */
export type Scale = Readonly<z.output<typeof scale>>;

/** A permission that is denied by default, and the reason for granting it. */
export type SecurityException = Readonly<z.output<typeof securityException>>;
/** Access to host devices without a privileged container. */
export type DeviceException = Extract<SecurityException, { allow: "device" }>;
export type PlainException = Exclude<SecurityException, DeviceException>;

export type VolumeMount = Readonly<z.output<typeof volumeMount>>;

/** A network that several systems share. Each member names it. */
export type SharedNetwork = (typeof SHARED_NETWORKS)[number];

interface Named {
  readonly name: string;
}

/** A service: its name and its options with defaults. Images and dependencies are names. */
export type ServiceDefinition = Readonly<Named & z.output<typeof serviceOptions>>;

/** Development mode of a service: mounted sources, a reloading command, a debugger. */
export type Develop = Readonly<NonNullable<ServiceDefinition["develop"]>>;

/** A job, which runs to completion once per release, before the workloads that list it in `after`. */
export type JobDefinition = Readonly<Named & z.output<typeof jobOptions>>;

/** Overrides for one environment. All other options stay as described. */
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
/** Product of a datastore: `postgres`, `redis`, `kafka`, `neo4j`. */
export type Engine = DatastoreDefinition["kind"];

/** Format of a generated secret. */
export type GeneratedValue =
  /** Letters and digits, or hexadecimal digits. `length` counts characters. */
  | {
      readonly kind: "text";
      readonly length: number;
      /** @default - letters and digits */ readonly alphabet?: string;
    }
  | { readonly kind: "hex"; readonly length: number }
  /** One key of a set of signing keys. The next key always exists as well. */
  | { readonly kind: "keys"; readonly length: number }
  /** One part of a certificate and key pair, generated together. Both are PEM. */
  | {
      readonly kind: "tls";
      readonly part: "certificate" | "key";
      /** Name of the pair in the catalog. */
      readonly pair: string;
      /** DNS names and addresses of the certificate. */
      readonly names: readonly string[];
      /** Validity in days. */
      readonly days: number;
      /** Whether its users reload it when it changes. @default false */
      readonly watched?: boolean;
    };

export interface SecretDefinition {
  readonly name: string;
  /**
   * Origin of the value. `config`: an operator sets it. `generated`: created once and kept in encrypted config or
   * state.
   */
  readonly from: "config" | "generated";
  /** Format of the value, if it is generated. */
  readonly value: GeneratedValue;
  /** Environments in which the secret is optional; an unset secret's variable is then absent. @default [] */
  readonly optionalIn: readonly Environment[];
  /** User name with which a person signs in with this password. @default - none */
  readonly signIn?: string;
}

export type SettingValue = string | number | boolean;

export interface SettingDefinition {
  readonly name: string;
  readonly type: "text" | "number" | "boolean";
  /** Default value. @default - none: a stack must set it */
  readonly default?: SettingValue;
  /** Allowed values. @default - any value of the type */
  readonly oneOf?: readonly SettingValue[];
  /** Minimum. @default - no limit */
  readonly min?: number;
  /** Maximum. @default - no limit */
  readonly max?: number;
  /** Regular expression that must match the whole text. @default - any text */
  readonly pattern?: string;
}

/** Rate limit per client address. Excess requests are answered with 429. */
export type RateLimit = Readonly<z.output<typeof rateLimit>>;

/** A path prefix of the system's address and the endpoint that serves it. The longest prefix wins. */
export type RouteDefinition = Readonly<
  { path: string; to: EndpointReference } & z.output<typeof routeOptions>
>;

/** A system as inert data, independent of where it runs. */
export interface SystemDefinition {
  readonly name: string;
  /** Targets that the system supports. @default - every target */
  readonly targets?: readonly Target[];
  readonly images: readonly ImageDefinition[];
  readonly services: readonly ServiceDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly datastores: readonly DatastoreDefinition[];
  readonly secrets: readonly SecretDefinition[];
  readonly settings: readonly SettingDefinition[];
  readonly routes: readonly RouteDefinition[];
  /**
   * Problems that the statements found, such as a misspelt option. Paths do not include the system's name. @default []
   */
  readonly problems?: readonly Problem[];
}
