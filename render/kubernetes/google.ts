import type { Plan } from "../../catalog/plan/types";
import { GOOGLE_FRONT_END_RANGES } from "./network";
import type { KubernetesOptions } from "./types";

/** The node-local cache, and Cloud DNS, which answers at the metadata server's address (Autopilot). */
const DNS_RANGES = ["169.254.20.10/32", "169.254.169.254/32"];

/** The metadata server, which gives a workload its tokens, and where nodes without Dataplane V2 have it. */
const TOKEN_SERVERS = [
  { cidr: "169.254.169.254/32", port: 80 },
  { cidr: "169.254.169.252/32", port: 988 },
];

/** What GKE asks of a system's objects: who its load balancers are, where its DNS is, how they reach a Service. */
export function googleOptions(
  plan: Plan,
): Pick<
  KubernetesOptions<never>,
  "edge" | "dnsRanges" | "monitoringNamespace" | "tokenServers" | "serviceAnnotations"
> {
  const routed = new Set(plan.routes.map(({ workload }) => workload));
  return {
    edge: { ranges: GOOGLE_FRONT_END_RANGES },
    dnsRanges: DNS_RANGES,
    tokenServers: TOKEN_SERVERS,
    // Where the collectors of Managed Prometheus run.
    monitoringNamespace: "gke-gmp-system",
    serviceAnnotations: ({ name }): Record<string, string> =>
      routed.has(name)
        ? {
            "cloud.google.com/backend-config": JSON.stringify({ default: name }),
            "cloud.google.com/neg": JSON.stringify({ ingress: true }),
          }
        : {},
  };
}
