import type { PlannedPostgres, PlannedRedis } from "../catalog/plan/types";
import type { CloudSqlSpecArgs } from "../components/postgres.spec";
import type { MemorystoreSpecArgs } from "../components/redis.spec";

const GIBIBYTE = 2 ** 30;

/** What a plan asks of Cloud SQL. */
export function cloudSqlArgs(datastore: PlannedPostgres): CloudSqlSpecArgs {
  return {
    version: datastore.version as 17,
    storage: `${Math.ceil(datastore.storage / GIBIBYTE)}Gi`,
    tier: datastore.tier,
    highAvailability: datastore.highAvailability,
    extensions: datastore.extensions,
  };
}

/** What a plan asks of Memorystore. */
export function memorystoreArgs(datastore: PlannedRedis): MemorystoreSpecArgs {
  return {
    memory: `${Math.ceil(datastore.maxMemory / GIBIBYTE)}Gi`,
    eviction: datastore.eviction,
    highAvailability: datastore.highAvailability,
    snapshots: datastore.appendOnly,
  };
}
