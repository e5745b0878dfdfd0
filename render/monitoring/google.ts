import type { Plan, Workload } from "../../catalog/plan/types";
import { mark } from "./fill";
import { prometheusGroups, ruleGroups } from "./rules";
import type { RuleGroup } from "./types";

/** The PodMonitoring object of Google Managed Prometheus, which scrapes the pods of one workload. */
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
    /** Pod labels that are copied to the series. Rules identify system and service by them. */
    readonly targetLabels: { readonly fromPod: readonly { readonly from: string; readonly to: string }[] };
    readonly limits: { readonly samples: number };
  };
}

/** Rules of Google Managed Prometheus: for the series of one cluster, or for those of a project. */
export interface ManagedRules {
  readonly apiVersion: "monitoring.googleapis.com/v1";
  readonly kind: "ClusterRules" | "GlobalRules";
  readonly metadata: { readonly name: string };
  readonly spec: { readonly groups: readonly object[] };
}

const NAME = "app.kubernetes.io/name";
const PART_OF = "app.kubernetes.io/part-of";

/** Returns one object per workload with metrics. The plan must be for a cluster. */
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

/** Returns the cluster's alerts, equivalent to those on one machine and based on the platform's metrics. */
export function clusterRules(delay: string): ManagedRules {
  return managedRules("ClusterRules", groupsOf("cluster"), delay);
}

/** Returns recordings of Google's metrics of a cluster's containers, under the names that alerts and dashboards use. */
export function useRules(cluster: string): ManagedRules {
  const groups = groupsOf("project").map((group) => ({
    ...group,
    recordings: group.recordings.map(({ record, expr }) => ({
      record,
      expr: expr.replaceAll(mark("cluster"), cluster),
    })),
  }));
  return managedRules("GlobalRules", groups, "0s");
}

function groupsOf(scope: "cluster" | "project"): RuleGroup[] {
  return ruleGroups("cluster").filter((group) => (group.scope ?? "cluster") === scope);
}

function managedRules(kind: ManagedRules["kind"], groups: readonly RuleGroup[], delay: string): ManagedRules {
  return {
    apiVersion: "monitoring.googleapis.com/v1",
    kind,
    metadata: { name: "longshore" },
    spec: { groups: prometheusGroups(groups, delay).map((group) => ({ ...group, interval: "30s" })) },
  };
}
