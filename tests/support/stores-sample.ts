import { system } from "../../catalog/define";
import type { Environment, SystemDefinition } from "../../catalog/types";
import { planSystem, type Plan } from "../../catalog/plan";

export interface StoresOptions {
  /** @default 2 */
  partitions?: number;
}

/** A system with every kind of datastore other than PostgreSQL, and a service that uses them all. */
export function storesSystem({ partitions = 2 }: StoresOptions = {}): SystemDefinition {
  return system("stores", ({ upstream, service, redis, kafka, neo4j }) => {
    const cache = redis("cache", { maxMemory: "64Mi", storage: "1Gi" });
    const events = kafka("events", {
      storage: "1Gi",
      resources: { cpu: ["100m", "2"], memory: ["384Mi", "768Mi"] },
      topics: { samples: { partitions, retention: "24h" }, commands: { cleanup: "compact" } },
    });
    const graph = neo4j("graph", {
      storage: "1Gi",
      resources: { cpu: ["100m", "2"], memory: ["512Mi", "1Gi"] },
    });
    service("client", {
      image: upstream("client", "python:3.13-slim", { runtime: "python" }),
      command: ["python", "-c", "import signal; signal.pause()"],
      env: {
        REDIS_URL: cache.url,
        KAFKA_BOOTSTRAP: events.bootstrap,
        KAFKA_SECURITY_PROTOCOL: events.securityProtocol,
        KAFKA_TOPIC: events.topics.samples,
        NEO4J_URI: graph.url,
        NEO4J_USER: graph.username,
        NEO4J_PASSWORD: graph.password,
      },
      resources: { cpu: ["50m", "500m"], memory: ["64Mi", "256Mi"] },
    });
  });
}

export function storesPlan(options: StoresOptions = {}, environment: Environment = "local"): Plan {
  return planSystem(storesSystem(options), { environment, target: "compose" });
}
