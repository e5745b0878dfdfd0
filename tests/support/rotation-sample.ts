import { readFileSync } from "node:fs";
import { join } from "node:path";
import { http, system } from "../../catalog/define";
import type { Generations } from "../../catalog/generations";
import { planSystem, type Plan } from "../../catalog/plan";
import type { Target } from "../../catalog/plan/types";

const APP = readFileSync(join(__dirname, "rotation-app.py"), "utf8");

export interface RotationOptions {
  readonly generations?: Generations;
  /** Whether the service exits at its start. */
  readonly crash?: boolean;
  /** @default "compose" */
  readonly target?: Target;
}

/**
 * A plan with a service that uses a secret of every kind, a service without secrets, and the datastores of the
 * secrets.
 */
export function rotationPlan({
  generations = {},
  crash = false,
  target = "compose",
}: RotationOptions = {}): Plan {
  const described = system("rotating", ({ upstream, postgres, redis, neo4j, secret, service, route }) => {
    const db = postgres("db", { storage: "10Gi" });
    const cache = redis("cache", { maxMemory: "64Mi", storage: "1Gi" });
    const graph = neo4j("graph", {
      storage: "1Gi",
      resources: { cpu: ["100m", "2"], memory: ["512Mi", "1Gi"] },
    });
    const keys = secret("token-keys", { kind: "keys" });
    const python = upstream("python", "python:3.13-slim", { runtime: "python" });
    const common = {
      image: python,
      command: ["python", "-u", "/srv/app.py"],
      files: { "/srv/app.py": APP },
      ports: { http: 8000 },
      resources: { cpu: ["50m", "1"] as const, memory: ["64Mi", "256Mi"] as const },
      grace: "5s" as const,
    };
    const live = http("/live");
    const web = service("web", {
      ...common,
      env: {
        DATABASE_URL: db.url,
        REDIS_URL: cache.url,
        NEO4J_URI: graph.url,
        NEO4J_USER: graph.username,
        NEO4J_PASSWORD: graph.password,
        KEY: keys.signing,
        KEY_ACCEPTED: keys.accepted,
        API_KEY: secret("api-key"),
        ...(crash && { CRASH: "1" }),
      },
      live,
      environments: { local: { replicas: 2 } },
    });
    const idle = service("idle", { ...common, live });
    route("/", web.http);
    route("/idle", idle.http);
  });
  return planSystem(described, {
    environment: target === "compose" ? "local" : "prod",
    target,
    generations,
    ...(target === "compose" ? { tls: true } : { domain: "example.com" }),
  });
}
