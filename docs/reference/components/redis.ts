import { MemorystoreRedis } from "@longshore/components";
import { network } from "./network";

/** Redis with a password and TLS, as a cache that may come back empty. */
export function redis(): MemorystoreRedis {
  const { network: vpc, managedAccess } = network();
  return new MemorystoreRedis(
    "cache",
    {
      project: "acme-prod",
      region: "europe-west3",
      network: vpc.selfLink,
      memory: "2Gi",
      eviction: "allkeys-lru",
      snapshots: false,
    },
    { dependsOn: [managedAccess] },
  );
}
