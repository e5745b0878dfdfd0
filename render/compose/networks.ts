import type { Plan } from "../../catalog/plan/types";
import { compareText } from "../../catalog/problems";
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

/**
 * A network for each workload that has clients, with it and them as members and no way out; the edge's own, where
 * its port is published; and one way out for each workload that declares egress, not shared, so that it is no
 * way to another workload. Underscores keep these names apart from those of workloads.
 */
export function planNetworks(plan: Plan): Networks {
  const members = new Map<string, ComposeNetwork & { members: Set<string> }>();
  const own = new Map<string, string>();
  for (const { name, clients, egress, publish } of plan.workloads) {
    if (clients.length > 0) {
      own.set(name, name);
      members.set(name, { internal: true, members: new Set([name, ...clients.map(({ from }) => from)]) });
    }
    if (egress.length > 0) {
      members.set(`${name}_egress`, { members: new Set([name]) });
    }
    if (publish) {
      // An internal network publishes nothing.
      members.set(`${name}_published`, { members: new Set([name]) });
    }
  }
  if (plan.routes.length > 0) {
    members.set(EDGE, { members: new Set([EDGE]) });
  }
  const sorted = [...members].sort(([a], [b]) => compareText(a, b));
  return {
    all: Object.fromEntries(sorted.map(([name, { internal }]) => [name, internal ? { internal } : {}])),
    of: (workload) => sorted.filter(([, network]) => network.members.has(workload)).map(([name]) => name),
    own: (workload) => own.get(workload),
  };
}
