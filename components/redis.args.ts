import { throwProblems, type Problem } from "../base/problems";
import { parseQuantity, type Quantity } from "../base/quantities";

/** What Redis does when its memory is full: rejects writes, or evicts keys, all or only those with an expiry. */
export type RedisEviction =
  "noeviction" | `${"allkeys" | "volatile"}-${"lru" | "lfu" | "random"}` | "volatile-ttl";

export interface MemorystoreSpecArgs {
  /** Memory for data, rounded up to whole gibibytes. @default "1Gi" */
  memory?: Quantity;
  /** Eviction policy when the memory is full. @default "noeviction" (writes are rejected) */
  eviction?: RedisEviction;
  /** Whether a replica in another zone takes over. @default true */
  highAvailability?: boolean;
  /** Whether hourly snapshots are kept. `false` makes it a cache that may restart empty. @default true */
  snapshots?: boolean;
  /** Maintenance window, in UTC. @default Sunday, 04:00 */
  maintenance?: { day: Day; hour: number };
}

export type Day = "MONDAY" | "TUESDAY" | "WEDNESDAY" | "THURSDAY" | "FRIDAY" | "SATURDAY" | "SUNDAY";

const GIBIBYTE = 2 ** 30;
/** Maximum size of an instance. */
const LARGEST_GIB = 300;

/** Arguments of the instance as plain data. @throws ProblemsError with every value that Memorystore rejects */
export function memorystoreSpec(name: string, args: MemorystoreSpecArgs, protect: boolean) {
  throwProblems(`redis ${name}`, checkMemorystore(args));
  const { memory = "1Gi", eviction = "noeviction", highAvailability = true, snapshots = true } = args;
  const { maintenance = { day: "SUNDAY", hour: 4 } } = args;
  return {
    redisVersion: "REDIS_7_2",
    tier: highAvailability ? "STANDARD_HA" : "BASIC",
    memorySizeGb: Math.ceil((parseQuantity(memory) ?? 0) / GIBIBYTE),
    authEnabled: true,
    transitEncryptionMode: "SERVER_AUTHENTICATION",
    // Uses the network's address range for managed services.
    connectMode: "PRIVATE_SERVICE_ACCESS",
    redisConfigs: { "maxmemory-policy": eviction },
    persistenceConfig: snapshots
      ? { persistenceMode: "RDB", rdbSnapshotPeriod: "ONE_HOUR" }
      : { persistenceMode: "DISABLED" },
    maintenancePolicy: {
      weeklyMaintenanceWindows: [
        { day: maintenance.day, startTime: { hours: maintenance.hour, minutes: 0, seconds: 0, nanos: 0 } },
      ],
    },
    deletionProtection: protect,
  };
}

function checkMemorystore({ memory = "1Gi", maintenance }: MemorystoreSpecArgs): Problem[] {
  const bytes = parseQuantity(memory);
  return [
    ...(bytes === undefined || bytes <= 0 || bytes > LARGEST_GIB * GIBIBYTE
      ? [{ path: "memory", message: `expected up to ${LARGEST_GIB}Gi, got ${memory}` }]
      : []),
    ...(maintenance && (maintenance.hour < 0 || maintenance.hour > 23)
      ? [{ path: "maintenance.hour", message: `expected 0 to 23, got ${maintenance.hour}` }]
      : []),
  ];
}
