import { http, system, type ServiceHandle } from "../catalog/define";
import type { SystemDefinition } from "../catalog/types";

/** Services in a chain of calls; the next one starts a chain of its own. */
const CHAIN = 10;

/** A system of services that each render to six Kubernetes objects: account, policy, Service, Deployment, HPA, PDB. */
export function generatedSystem(services: number): SystemDefinition {
  return system("bench", ({ image, service, setting, route }) => {
    const app = image("app", { context: "services/todo/backend", runtime: "python" });
    const logLevel = setting("logLevel", "info");
    let previous: ServiceHandle<"http"> | undefined;
    for (let index = 0; index < services; index++) {
      const callee = index % CHAIN === 0 ? undefined : previous;
      previous = service(serviceName(index), {
        image: app,
        ports: { http: 8080 },
        env: { LOG_LEVEL: logLevel, REGION: "europe-west1", ...(callee && { UPSTREAM_URL: callee.http }) },
        live: http("/livez"),
        ready: http("/readyz"),
        resources: { cpu: ["100m", "1"], memory: ["128Mi", "256Mi"] },
        scale: { min: 2, max: 6, cpu: 70 },
      });
    }
    if (previous) {
      route("/", previous.http);
    }
  });
}

export function serviceName(index: number): string {
  return `service-${String(index).padStart(5, "0")}`;
}
