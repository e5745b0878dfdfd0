import type { z } from "zod";
import { handle } from "./handles";
import { reference, type DatastoreProperty, type DatastoreReference } from "./references";
import type { kafkaOptions, neo4jOptions, postgresOptions, redisOptions } from "./schema/datastores";
import type { Engine, Resources, TopicDefinition } from "./types";

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

export type PostgresOptions = z.input<typeof postgresOptions>;
export type RedisOptions = z.input<typeof redisOptions>;
export type KafkaOptions<T extends string = string> = Omit<z.input<typeof kafkaOptions>, "topics"> & {
  /** Topics by name. Topics that are not listed are not created on use. @default {} */
  topics?: Record<T, TopicDefinition>;
};
export type Neo4jOptions = z.input<typeof neo4jOptions>;

export const RESOURCES: Readonly<Record<Engine, Resources>> = {
  postgres: { cpu: ["250m", "1"], memory: ["256Mi", "1Gi"] },
  redis: { cpu: ["50m", "500m"], memory: ["128Mi", "512Mi"] },
  kafka: { cpu: ["250m", "2"], memory: ["512Mi", "1Gi"] },
  neo4j: { cpu: ["250m", "2"], memory: ["768Mi", "1536Mi"] },
};

/** Makes references to the properties of one datastore. */
function propertiesOf(datastore: string) {
  return (property: DatastoreProperty, role: DatastoreReference["role"] = "app") =>
    reference({ ref: "datastore", datastore, property, role });
}

export function postgresHandle(name: string): PostgresHandle {
  const property = propertiesOf(name);
  return handle("postgres", {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url"),
    ownerUrl: property("url", "migrate"),
    ownerRole: property("ownerRole", "migrate"),
  });
}

export function redisHandle(name: string): RedisHandle {
  const property = propertiesOf(name);
  return handle("redis", {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url"),
    ca: property("ca"),
  });
}

export function kafkaHandle<T extends string>(
  name: string,
  topics: Readonly<Record<string, TopicDefinition>>,
): KafkaHandle<T> {
  const property = propertiesOf(name);
  return handle("kafka", {
    name,
    host: property("host"),
    port: property("port"),
    bootstrap: property("bootstrap"),
    securityProtocol: property("securityProtocol"),
    saslMechanism: property("saslMechanism"),
    topics: Object.fromEntries(Object.keys(topics).map((topic) => [topic, topic])) as Record<T, string>,
  });
}

export function neo4jHandle(name: string): Neo4jHandle {
  const property = propertiesOf(name);
  return handle("neo4j", {
    name,
    host: property("host"),
    port: property("port"),
    database: property("database"),
    username: property("username"),
    password: property("password"),
    url: property("url", "none"),
  });
}
