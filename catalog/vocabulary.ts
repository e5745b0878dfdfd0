import type { ImageHandle, JobHandle, JobOptions, ServiceHandle, ServiceOptions } from "./containers";
import type { ImageOptions } from "./images";
import type { Keys } from "./options";
import type { EndpointReference, SettingReference } from "./references";
import type { RouteOptions } from "./routes";
import type { SecretWord } from "./secrets";
import type {
  KafkaHandle,
  KafkaOptions,
  Neo4jHandle,
  Neo4jOptions,
  PostgresHandle,
  PostgresOptions,
  RedisHandle,
  RedisOptions,
} from "./stores";
import type { Runtime, SettingValue } from "./types";

/** The words in which a system is described. Each returns a value that others refer to. */
export interface Vocabulary {
  readonly image: (name: string, options: ImageOptions) => ImageHandle;
  /** An image that someone else publishes, as `repository:tag`. */
  readonly upstream: (name: string, reference: string, options: UpstreamOptions) => ImageHandle;
  readonly service: <P extends string = never>(name: string, options: ServiceOptions<P>) => ServiceHandle<P>;
  /** Runs to its end once per release, before whatever comes `after` it. */
  readonly job: (name: string, options: JobOptions) => JobHandle;
  readonly postgres: (name: string, options?: PostgresOptions) => PostgresHandle;
  readonly redis: (name: string, options?: RedisOptions) => RedisHandle;
  readonly kafka: <T extends string = never>(name: string, options?: KafkaOptions<T>) => KafkaHandle<T>;
  readonly neo4j: (name: string, options?: Neo4jOptions) => Neo4jHandle;
  readonly secret: SecretWord;
  /** A value that an operator may set per environment; the default's type is its type. */
  readonly setting: (name: string, defaultValue: SettingValue, options?: SettingOptions) => SettingReference;
  /** Sends requests under a path prefix of the system's address to an endpoint. */
  readonly route: (path: string, to: EndpointReference, options?: RouteOptions) => void;
}

export interface UpstreamOptions {
  /** Numeric user that the container runs as. @default 1000 */
  user?: number;
  /** What in the image can ask a HTTP endpoint, for health checks inside the container. */
  runtime: Runtime;
}

export interface SettingOptions {
  /** The only values allowed. @default - any of the default's type */
  oneOf?: SettingValue[];
}

export const UPSTREAM_KEYS: Keys<UpstreamOptions> = { user: true, runtime: true };
export const SETTING_KEYS: Keys<SettingOptions> = { oneOf: true };
