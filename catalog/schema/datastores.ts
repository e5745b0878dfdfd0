import { z } from "zod";
import {
  ENVIRONMENTS,
  EVICTIONS,
  POSTGRES_EXTENSIONS,
  POSTGRES_VERSIONS,
  type Environment,
} from "../choices";
import { duration, list, named, oneOf, options, quantity, text, truth, wholeNumber } from "./basics";
import { resources } from "./container";

const overlay = options({ resources: resources.exactOptional() });

const storeShape = {
  /** Disk size as a container. @default "10Gi" */
  storage: quantity.default("10Gi"),
  /** Resources as a container. @default - enough for a small system */
  resources: resources.exactOptional(),
  /** Overrides per environment. @default {} */
  environments: options(
    Object.fromEntries(ENVIRONMENTS.map((name) => [name, overlay.exactOptional()])) as Record<
      Environment,
      z.ZodExactOptional<typeof overlay>
    >,
  ).default({}),
};

const version = <const V extends string | number>(value: V) =>
  z.literal(value, { error: `expected ${JSON.stringify(value)}` }).default(value as never);

export const postgresOptions = options({
  ...storeShape,
  /**
   * Major version. A stack's setting `datastores.NAME.version` takes precedence. Existing data does not move to another
   * major version by itself: `longshore upgrade` moves it. @default 17
   */
  version: z
    .literal(POSTGRES_VERSIONS, { error: `expected ${POSTGRES_VERSIONS.join(" or ")}` })
    .default(POSTGRES_VERSIONS[0]),
  /** Name of the database. @default - the system's name */
  database: text.exactOptional(),
  /** Extensions to create in the database. @default [] */
  extensions: list(oneOf(POSTGRES_EXTENSIONS)).default([]),
});

export const redisOptions = options({
  ...storeShape,
  /** Major version. @default 7 */
  version: version(7),
  /** Maximum memory for data. The container's limit must be a quarter larger. @default "256Mi" */
  maxMemory: quantity.default("256Mi"),
  /** Behaviour when the memory is full. @default "noeviction" (writes are rejected) */
  eviction: oneOf(EVICTIONS).default("noeviction"),
  /** Whether every write is persisted. `false` is a cache without a disk, empty after a restart. @default true */
  appendOnly: truth.default(true),
});

const MOST_PARTITIONS = 1000;

export const topic = options({
  /** Number of partitions. It can be increased, never decreased. @default 1 */
  partitions: wholeNumber(1, MOST_PARTITIONS).exactOptional(),
  /** Retention time of messages. @default - Kafka's own: seven days */
  retention: duration.exactOptional(),
  /** Maximum retained bytes per partition. @default - no limit */
  retentionSize: quantity.exactOptional(),
  /** `compact` keeps the last message of every key. @default "delete" */
  cleanup: oneOf(["delete", "compact"]).exactOptional(),
});

export const kafkaOptions = options({
  ...storeShape,
  /** Version of the image. @default "4.1.1" */
  version: version("4.1.1"),
  /** Topics by name. Topics that are not listed are not created automatically. @default {} */
  topics: named(topic).default({}),
});

export const neo4jOptions = options({
  ...storeShape,
  /** Release line of the community edition. @default "5.26" */
  version: version("5.26"),
});
