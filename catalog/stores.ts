import { unknownOptions, type Keys } from "./options";
import type { Problem } from "./problems";
import { reference, type DatastoreProperty, type DatastoreReference } from "./references";
import type {
  DatastoreDefinition,
  Engine,
  PostgresExtension,
  RedisEviction,
  Resources,
  TopicDefinition,
} from "./types";
import type { Quantity } from "./values";

/** What a PostgreSQL database offers to its clients. */
export interface PostgresHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** Secret. For services: may read and write rows, may not change the schema. */
  readonly url: DatastoreReference;
  /** Secret. For migrations: may become the owner of the schema (`SET ROLE` to `ownerRole`). */
  readonly ownerUrl: DatastoreReference;
  /** The role that owns the schema. */
  readonly ownerRole: DatastoreReference;
}

/** What a Redis offers to its clients. */
export interface RedisHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  /** Number of the database: 0. */
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** Secret. `redis://:PASSWORD@HOST:6379/0`; with TLS, `rediss://…`, where it is managed. */
  readonly url: DatastoreReference;
  /**
   * Certificate (PEM) of the authority that signed the server's own: `REDIS_CA: cache.ca` arrives as a file,
   * `REDIS_CA_FILE`. Absent where the connection has no TLS.
   */
  readonly ca: DatastoreReference;
}

/** What a Kafka offers to its clients. */
export interface KafkaHandle<T extends string = string> {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  /** `HOST:PORT` to begin with. */
  readonly bootstrap: DatastoreReference;
  /** What clients set as `security.protocol`: `PLAINTEXT` for a container in the private network, `SASL_SSL` where it is managed. */
  readonly securityProtocol: DatastoreReference;
  /**
   * How clients log in, as `sasl.mechanism`: `OAUTHBEARER` where it is managed, with a token of who the workload is.
   * Absent where there is no login.
   */
  readonly saslMechanism: DatastoreReference;
  /** Names of the declared topics, so that a misspelt one does not compile. */
  readonly topics: Readonly<Record<T, string>>;
}

/** What a Neo4j offers to its clients. */
export interface Neo4jHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  /** Of the Bolt protocol. */
  readonly port: DatastoreReference;
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** `bolt://HOST:7687`. Holds no login: Neo4j's drivers take that apart from the address. */
  readonly url: DatastoreReference;
}

/** What every container of a datastore has. */
interface StoreOptions {
  /** Disk. @default "10Gi" */
  storage?: Quantity;
  /** @default - enough for a small system */
  resources?: Resources;
  /** What single environments change. @default {} */
  environments?: DatastoreDefinition["environments"];
}

export interface PostgresOptions extends StoreOptions {
  /** Major version. @default 17 */
  version?: 17;
  /** Name of the database. @default - the system's name */
  database?: string;
  /** Extensions to create in the database. @default [] */
  extensions?: PostgresExtension[];
}

export interface RedisOptions extends StoreOptions {
  /** Major version. @default 7 */
  version?: 7;
  /** Memory for data. The container's limit must leave a quarter of it on top. @default "256Mi" */
  maxMemory?: Quantity;
  /** What happens when the memory is full. @default "noeviction" (writes are refused) */
  eviction?: RedisEviction;
  /** Whether every write goes to disk. `false` is a cache without a disk, empty after a restart. @default true */
  appendOnly?: boolean;
}

export interface KafkaOptions<T extends string = string> extends StoreOptions {
  /** @default "4.1.1" */
  version?: "4.1.1";
  /** Topics by name. Others do not come into being by being used. @default {} */
  topics?: Record<T, TopicDefinition>;
}

export interface Neo4jOptions extends StoreOptions {
  /** Community edition of this line. @default "5.26" */
  version?: "5.26";
}

export const RESOURCES: Readonly<Record<Engine, Resources>> = {
  postgres: { cpu: ["250m", "1"], memory: ["256Mi", "1Gi"] },
  redis: { cpu: ["50m", "500m"], memory: ["128Mi", "512Mi"] },
  kafka: { cpu: ["250m", "2"], memory: ["512Mi", "1Gi"] },
  neo4j: { cpu: ["250m", "2"], memory: ["768Mi", "1536Mi"] },
};

const STORE_KEYS: Keys<StoreOptions> = { storage: true, resources: true, environments: true };
export const POSTGRES_KEYS: Keys<PostgresOptions> = {
  ...STORE_KEYS,
  version: true,
  database: true,
  extensions: true,
};
export const REDIS_KEYS: Keys<RedisOptions> = {
  ...STORE_KEYS,
  version: true,
  maxMemory: true,
  eviction: true,
  appendOnly: true,
};
export const KAFKA_KEYS: Keys<KafkaOptions> = { ...STORE_KEYS, version: true, topics: true };
export const NEO4J_KEYS: Keys<Neo4jOptions> = { ...STORE_KEYS, version: true };
const TOPIC_KEYS: Keys<TopicDefinition> = {
  partitions: true,
  retention: true,
  retentionSize: true,
  cleanup: true,
};

export function unknownTopicOptions(
  store: string,
  topics: Readonly<Record<string, TopicDefinition>> = {},
): Problem[] {
  return Object.entries(topics).flatMap(([topic, options]) =>
    unknownOptions(`${store}.topics.${topic}`, options, TOPIC_KEYS),
  );
}

export function storeDefinition<K extends Engine>(kind: K, name: string, options: StoreOptions) {
  return {
    kind,
    name,
    storage: options.storage ?? "10Gi",
    resources: options.resources ?? RESOURCES[kind],
    environments: options.environments ?? {},
  } as const;
}

/** Makes references to the properties of one datastore. */
function propertiesOf(datastore: string) {
  return (property: DatastoreProperty, role: DatastoreReference["role"] = "app") =>
    reference({ ref: "datastore", datastore, property, role });
}

export function postgresHandle(name: string): PostgresHandle {
  const property = propertiesOf(name);
  return {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url"),
    ownerUrl: property("url", "migrate"),
    ownerRole: property("ownerRole", "migrate"),
  };
}

export function redisHandle(name: string): RedisHandle {
  const property = propertiesOf(name);
  return {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url"),
    ca: property("ca"),
  };
}

export function kafkaHandle<T extends string>(
  name: string,
  topics: Record<T, TopicDefinition> | undefined,
): KafkaHandle<T> {
  const property = propertiesOf(name);
  return {
    name,
    host: property("host"),
    port: property("port"),
    bootstrap: property("bootstrap"),
    securityProtocol: property("securityProtocol"),
    saslMechanism: property("saslMechanism"),
    topics: Object.fromEntries(Object.keys(topics ?? {}).map((topic) => [topic, topic])) as Record<T, string>,
  };
}

export function neo4jHandle(name: string): Neo4jHandle {
  const property = propertiesOf(name);
  return {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url", "none"),
  };
}
