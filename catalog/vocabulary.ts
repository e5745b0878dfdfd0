import type { z } from "zod";
import type { JobHandle, JobOptions, ServiceHandle, ServiceOptions } from "./containers";
import type { ImageHandle, ImageOptions, UpstreamOptions } from "./images";
import type { EndpointReference, SettingReference } from "./references";
import type { RouteOptions } from "./routes";
import type { settingOptions } from "./schema/setting";
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
import type { SettingValue } from "./types";

/** The statements that describe a system. Each returns a handle or reference for use in the others. */
export interface Vocabulary {
  readonly image: (name: string, options: ImageOptions) => ImageHandle;
  /** A published image, as `repository:tag`. */
  readonly upstream: (name: string, reference: string, options: UpstreamOptions) => ImageHandle;
  readonly service: <P extends string = never>(name: string, options: ServiceOptions<P>) => ServiceHandle<P>;
  /** A job, which runs to completion once per release, before the workloads that list it in `after`. */
  readonly job: (name: string, options: JobOptions) => JobHandle;
  readonly postgres: (name: string, options?: PostgresOptions) => PostgresHandle;
  readonly redis: (name: string, options?: RedisOptions) => RedisHandle;
  readonly kafka: <T extends string = never>(name: string, options?: KafkaOptions<T>) => KafkaHandle<T>;
  readonly neo4j: (name: string, options?: Neo4jOptions) => Neo4jHandle;
  readonly secret: SecretWord;
  /** A value that an operator sets per stack. Its type is the type of the default; without a default it is required. */
  readonly setting: (name: string, defaultValue?: SettingValue, options?: SettingOptions) => SettingReference;
  /** Routes requests under a path prefix of the system's address to an endpoint. */
  readonly route: (path: string, to: EndpointReference, options?: RouteOptions) => void;
}

export type SettingOptions = z.input<typeof settingOptions>;
