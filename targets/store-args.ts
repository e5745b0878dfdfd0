import type { PlannedKafka, PlannedPostgres, PlannedRedis } from "../catalog/plan/types";
import type { ManagedKafkaSpecArgs } from "../components/kafka.args";
import type { CloudSqlSpecArgs } from "../components/postgres.args";
import type { MemorystoreSpecArgs } from "../components/redis.args";

const GIBIBYTE = 2 ** 30;
const MEBIBYTE = 2 ** 20;

/** Returns the Cloud SQL arguments of a planned datastore. */
export function cloudSqlArgs(datastore: PlannedPostgres): CloudSqlSpecArgs {
  return {
    version: datastore.version as 17,
    storage: `${Math.ceil(datastore.storage / GIBIBYTE)}Gi`,
    tier: datastore.tier,
    highAvailability: datastore.highAvailability,
    extensions: datastore.extensions,
  };
}

/** Returns the Memorystore arguments of a planned datastore. */
export function memorystoreArgs(datastore: PlannedRedis): MemorystoreSpecArgs {
  return {
    memory: `${Math.ceil(datastore.maxMemory / GIBIBYTE)}Gi`,
    eviction: datastore.eviction,
    highAvailability: datastore.highAvailability,
    snapshots: datastore.appendOnly,
  };
}

/** Returns the arguments of a planned datastore for Google's Managed Service for Apache Kafka. */
export function managedKafkaArgs({ capacity, topics }: PlannedKafka): ManagedKafkaSpecArgs {
  return {
    vcpus: capacity.vcpus,
    memory: `${capacity.memory / MEBIBYTE}Mi`,
    topics: Object.fromEntries(
      topics.map(({ name, partitions, settings }) => [
        name,
        { partitions, settings: Object.fromEntries(settings.map((one) => [one.name, one.value])) },
      ]),
    ),
  };
}
