import { system } from "../../catalog/define";
import type { SystemDefinition } from "../../catalog/types";

/** A system with a service and a Redis. @param appendOnly whether Redis must not lose writes */
export function cachedSystem({ appendOnly = false } = {}): SystemDefinition {
  return system("cached", ({ upstream, service, redis }) => {
    const cache = redis("cache", { appendOnly, maxMemory: "256Mi", eviction: "allkeys-lru" });
    service("web", {
      image: upstream("web", "python:3.13-slim", { runtime: "python" }),
      env: { REDIS_URL: cache.url, REDIS_CA: cache.ca, REDIS_HOST: cache.host },
      resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
    });
  });
}
