import type { Plan, Workload } from "../../catalog/plan/types";
import { prometheusGroups, ruleGroups } from "./rules";

/** Google Managed Prometheus' object that asks the pods of one workload for their metrics. */
export interface PodMonitoring {
  readonly apiVersion: "monitoring.googleapis.com/v1";
  readonly kind: "PodMonitoring";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly endpoints: readonly {
      readonly port: number;
      readonly path: string;
      readonly interval: string;
    }[];
    /** Labels of the pod that its series get, by which rules know system and service. */
    readonly targetLabels: { readonly fromPod: readonly { readonly from: string; readonly to: string }[] };
    readonly limits: { readonly samples: number };
  };
}

/** Google Managed Prometheus' rules for a whole cluster. */
export interface ClusterRules {
  readonly apiVersion: "monitoring.googleapis.com/v1";
  readonly kind: "ClusterRules";
  readonly metadata: { readonly name: string };
  readonly spec: { readonly groups: readonly object[] };
}

const NAME = "app.kubernetes.io/name";
const PART_OF = "app.kubernetes.io/part-of";

/** One object per workload that has metrics. The plan is one for a cluster. */
export function podMonitorings(plan: Plan, scrapeSeconds: number): PodMonitoring[] {
  return plan.workloads.flatMap((workload) => podMonitoring(plan, workload, scrapeSeconds));
}

function podMonitoring(
  { system }: Plan,
  { name, metrics }: Workload,
  scrapeSeconds: number,
): PodMonitoring[] {
  if (!metrics) {
    return [];
  }
  return [
    {
      apiVersion: "monitoring.googleapis.com/v1",
      kind: "PodMonitoring",
      metadata: {
        name,
        namespace: system,
        labels: { "app.kubernetes.io/managed-by": "longshore", [NAME]: name, [PART_OF]: system },
      },
      spec: {
        selector: { matchLabels: { [NAME]: name, [PART_OF]: system } },
        endpoints: [{ port: metrics.port, path: metrics.path, interval: `${scrapeSeconds}s` }],
        targetLabels: {
          fromPod: [
            { from: PART_OF, to: "system" },
            { from: NAME, to: "service" },
          ],
        },
        limits: { samples: 20_000 },
      },
    },
  ];
}

/** The same alerts as on one machine, from what the platform says of containers. */
export function clusterRules(delay: string): ClusterRules {
  return {
    apiVersion: "monitoring.googleapis.com/v1",
    kind: "ClusterRules",
    metadata: { name: "longshore" },
    spec: {
      groups: prometheusGroups(ruleGroups("cluster"), delay).map((group) => ({ ...group, interval: "30s" })),
    },
  };
}
