import type { KubernetesObject } from "../../render/kubernetes";

interface Peer {
  podSelector?: { matchLabels?: Record<string, string> };
  namespaceSelector?: { matchLabels?: Record<string, string> };
  ipBlock?: { cidr: string };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { port: number; protocol: string }[];
}
interface Policy {
  podSelector: { matchLabels?: Record<string, string> };
  ingress?: Rule[];
  egress?: Rule[];
}

/** A simplified model of NetworkPolicies that select pods by label. */
export class Network {
  private readonly policies: Policy[];
  private readonly pods = new Map<string, Record<string, string>>();

  constructor(objects: readonly KubernetesObject<string>[]) {
    this.policies = objects
      .filter(({ kind }) => kind === "NetworkPolicy")
      .map(({ spec }) => spec as unknown as Policy);
    for (const { spec, kind } of objects) {
      if (kind === "Deployment" || kind === "StatefulSet" || kind === "Job") {
        const { labels } = (spec as unknown as { template: { metadata: { labels: Record<string, string> } } })
          .template.metadata;
        this.pods.set(labels["app.kubernetes.io/name"] ?? "", labels);
      }
    }
  }

  /** `from → to:port` of all pairs of pods with an allowed connection. */
  edges(ports: readonly number[]): string[] {
    const names = [...this.pods.keys()].sort();
    return names.flatMap((from) =>
      names.flatMap((to) =>
        ports
          .filter((port) => this.leaves(from, to, port) && this.enters(from, to, port))
          .map((port) => `${from} → ${to}:${port}`),
      ),
    );
  }

  /** Allowed peers of a pod outside of the namespace, by port. */
  outside(name: string, direction: "ingress" | "egress"): Record<number, string[]> {
    const found: Record<number, string[]> = {};
    for (const rule of this.rules(name, direction)) {
      for (const { port } of rule.ports) {
        for (const { ipBlock, namespaceSelector } of rule.from ?? rule.to ?? []) {
          const peer = ipBlock?.cidr ?? namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"];
          if (peer !== undefined && !found[port]?.includes(peer)) {
            (found[port] ??= []).push(peer);
          }
        }
      }
    }
    return found;
  }

  private leaves(from: string, to: string, port: number): boolean {
    return this.rules(from, "egress").some((rule) => this.allows(rule.to, rule, to, port));
  }

  private enters(from: string, to: string, port: number): boolean {
    return this.rules(to, "ingress").some((rule) => this.allows(rule.from, rule, from, port));
  }

  private allows(peers: Peer[] | undefined, { ports }: Rule, pod: string, port: number): boolean {
    return (
      ports.some((one) => one.port === port) &&
      (peers ?? []).some(
        ({ podSelector, namespaceSelector }) =>
          podSelector && !namespaceSelector && this.selects(podSelector, pod),
      )
    );
  }

  private rules(pod: string, direction: "ingress" | "egress"): Rule[] {
    return this.policies
      .filter(({ podSelector }) => this.selects(podSelector, pod))
      .flatMap((policy) => policy[direction] ?? []);
  }

  private selects({ matchLabels = {} }: { matchLabels?: Record<string, string> }, pod: string): boolean {
    const labels = this.pods.get(pod) ?? {};
    return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  }
}
