import type { z } from "zod";
import { handle } from "./handles";
import { reference, type DatastoreProperty, type DatastoreReference } from "./references";
import type { kafkaOptions, neo4jOptions, postgresOptions, redisOptions } from "./schema/datastores";
import type { Engine, Resources, TopicDefinition } from "./types";

/** Properties of a PostgreSQL database that clients can refer to. */
export interface PostgresHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** Secret. For services: may read and write rows, cannot change the schema. */
  readonly url: DatastoreReference;
  /** Secret. For migrations: may become the owner of the schema (`SET ROLE` to `ownerRole`). */
  readonly ownerUrl: DatastoreReference;
  /** The role that owns the schema. */
  readonly ownerRole: DatastoreReference;
}

/** Properties of a Redis instance that clients can refer to. */
export interface RedisHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  /** Number of the database: 0. */
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** Secret. `redis://:PASSWORD@HOST:6379/0`, or `rediss://…` with TLS for a managed instance. */
  readonly url: DatastoreReference;
  /**
   * Certificate (PEM) of the server's certificate authority: `REDIS_CA: cache.ca` is delivered as a file whose path is
   * in `REDIS_CA_FILE`. Absent if the connection has no TLS.
   */
  readonly ca: DatastoreReference;
}

/** Properties of a Kafka cluster that clients can refer to. */
export interface KafkaHandle<T extends string = string> {
  readonly name: string;
  readonly host: DatastoreReference;
  readonly port: DatastoreReference;
  /** Bootstrap server, as `HOST:PORT`. */
  readonly bootstrap: DatastoreReference;
  /**
   * Value of `security.protocol` for clients: `PLAINTEXT` for a container in the private network, `SASL_SSL` for a
   * managed cluster.
   */
  readonly securityProtocol: DatastoreReference;
  /**
   * Value of `sasl.mechanism` for clients: `OAUTHBEARER` with the workload's identity token for a managed cluster.
   * Absent if clients do not authenticate.
   */
  readonly saslMechanism: DatastoreReference;
  /** Names of the declared topics, so that a misspelt one does not compile. */
  readonly topics: Readonly<Record<T, string>>;
}

/** Properties of a Neo4j database that clients can refer to. */
export interface Neo4jHandle {
  readonly name: string;
  readonly host: DatastoreReference;
  /** Port of the Bolt protocol. */
  readonly port: DatastoreReference;
  readonly database: DatastoreReference;
  readonly username: DatastoreReference;
  /** Secret. */
  readonly password: DatastoreReference;
  /** `bolt://HOST:7687`, without login: Neo4j's drivers take credentials separately. */
  readonly url: DatastoreReference;
}

export type PostgresOptions = z.input<typeof postgresOptions>;
export type RedisOptions = z.input<typeof redisOptions>;
export type KafkaOptions<T extends string = string> = Omit<z.input<typeof kafkaOptions>, "topics"> & {
  /** Topics by name. Topics that are not listed are not created automatically. @default {} */
  topics?: Record<T, TopicDefinition>;
};
export type Neo4jOptions = z.input<typeof neo4jOptions>;

export const RESOURCES: Readonly<Record<Engine, Resources>> = {
  postgres: { cpu: ["250m", "1"], memory: ["256Mi", "1Gi"] },
  redis: { cpu: ["50m", "500m"], memory: ["128Mi", "512Mi"] },
  kafka: { cpu: ["250m", "2"], memory: ["512Mi", "1Gi"] },
  neo4j: { cpu: ["250m", "2"], memory: ["768Mi", "1536Mi"] },
};

/** Returns a function that creates references to the properties of one datastore. */
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
