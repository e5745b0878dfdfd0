import type { Plan } from "../../catalog/plan/types";
import { compareText } from "../../catalog/problems";
import type { SharedNetwork } from "../../catalog/types";
import type { ComposeNetwork } from "./document";
import { EDGE } from "./edge";

/** Who is on which network (ALL-06). */
export interface Networks {
  /** All networks of the document, by name. */
  readonly all: Record<string, ComposeNetwork>;
  /** Names of the networks of a workload, or of the edge. Sorted. */
  of(workload: string): string[];
  /** The network on which a workload is found by its clients. @default - it has no clients */
  own(workload: string): string | undefined;
}

export interface NetworkOptions {
  /** What a network is called that systems share. */
  readonly sharedNetwork: (name: SharedNetwork) => string;
}

/**
 * A network for each workload that has clients, with it and them as members and no way out; the edge's own, where
 * its port is published; and one way out for each workload that declares egress, not shared, so that it is no
 * way to another workload. Networks that systems share belong to none of them. Underscores keep these names apart
 * from those of workloads.
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
    // An internal network publishes nothing.
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
