import type { Plan } from "../../catalog/plan/types";
import { compareText } from "../../base/problems";
import type { SharedNetwork } from "../../catalog/types";
import type { ComposeNetwork } from "./document";
import { EDGE } from "./edge";

/** Network memberships (ALL-06). */
export interface Networks {
  /** All networks of the document, by name. */
  readonly all: Record<string, ComposeNetwork>;
  /** Returns the sorted networks of a workload or of the edge. */
  of(workload: string): string[];
  /** Returns the network between a workload and its clients. @default - undefined for a workload without clients */
  own(workload: string): string | undefined;
}

export interface NetworkOptions {
  /** Returns the name of a network that systems share. */
  readonly sharedNetwork: (name: SharedNetwork) => string;
}

/**
 * Plans the networks. Each workload with clients has an internal network that only it and they join. The edge has its
 * own network, for its published port. Each workload with egress has its own outgoing network, so that it does not
 * connect workloads. Shared networks are external. The suffixes begin with an underscore, which workload names cannot
 * contain.
 */
export function planNetworks(plan: Plan, { sharedNetwork }: NetworkOptions): Networks {
  const members = new Map<string, ComposeNetwork & { members: Set<string> }>();
  const own = new Map<string, string>();
  for (const { name, clients, egress, publish, develop, shares = [] } of plan.workloads) {
    if (clients.length > 0) {
      own.set(name, name);
      members.set(name, { internal: true, members: new Set([name, ...clients.map(({ from }) => from)]) });
    }
    if (egress.length > 0) {
      members.set(`${name}_egress`, { members: new Set([name]) });
    }
    // Docker does not publish ports of internal networks.
    if (publish) {
      members.set(`${name}_published`, { members: new Set([name]) });
    }
    if (develop?.debug !== undefined) {
      members.set(`${name}_debug`, { members: new Set([name]) });
    }
    for (const shared of shares) {
      const key = `shared_${shared}`;
      const others = members.get(key)?.members ?? [];
      members.set(key, { external: true, name: sharedNetwork(shared), members: new Set([...others, name]) });
    }
  }
  if (plan.routes.length > 0) {
    members.set(EDGE, { members: new Set([EDGE]) });
  }
  if (plan.edgeExporter !== undefined) {
    members.set(`${EDGE}_status`, { internal: true, members: new Set([EDGE, plan.edgeExporter]) });
  }
  const sorted = [...members].sort(([a], [b]) => compareText(a, b));
  return {
    all: Object.fromEntries(sorted.map(([name, { members: _, ...network }]) => [name, network])),
    of: (workload) => sorted.filter(([, network]) => network.members.has(workload)).map(([name]) => name),
    own: (workload) => own.get(workload),
  };
}
