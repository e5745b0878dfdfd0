import { GkeCluster } from "@longshore/components";
import { network } from "./network";

/** A private GKE cluster whose nodes are ours: one pool for everything, one with GPUs that grows from nothing. */
export function cluster(): GkeCluster {
  return new GkeCluster("main", {
    project: "acme-prod",
    region: "europe-west3",
    network: network(),
    mode: "standard",
    pools: {
      general: { machineType: "e2-standard-8", nodes: { min: 1, max: 5 } },
      gpu: { gpu: { type: "nvidia-l4", count: 1 } },
    },
  });
}
