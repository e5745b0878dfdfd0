import type { Plan } from "../../catalog/plan/types";
import { GOOGLE_FRONT_END_RANGES } from "./network";
import type { KubernetesOptions } from "./types";

/** Addresses of the node-local DNS cache, and of Cloud DNS, which uses the metadata server's address (Autopilot). */
const DNS_RANGES = ["169.254.20.10/32", "169.254.169.254/32"];

/** Addresses of the metadata server, which issues a workload's tokens, with and without Dataplane V2. */
const TOKEN_SERVERS = [
  { cidr: "169.254.169.254/32", port: 80 },
  { cidr: "169.254.169.252/32", port: 988 },
];

/** Returns the options for GKE: the sources of its load balancers, its DNS, and the annotations of Services. */
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
    // Namespace of the collectors of Managed Prometheus.
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
