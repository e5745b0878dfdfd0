import type { Workload } from "../../catalog/plan/types";
import { metadataOf, type Context } from "./context";
import { replicasOf, selectorOf } from "./names";
import type { KubernetesObject, Node } from "./types";
import { controllerKind } from "./workload";

/** Percent of the CPU request to aim at when the catalog names no load. */
const DEFAULT_CPU = 75;

/** The autoscaler of a workload whose number of pods follows the load. */
export function renderAutoscaler<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  const { scale, name } = workload;
  const kind = controllerKind(workload);
  if (scale.kind === "fixed" || kind === "Job") {
    return [];
  }
  const cpu = scale.cpu ?? (scale.memory === undefined ? DEFAULT_CPU : undefined);
  return [
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: metadataOf(context, workload),
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind, name },
        minReplicas: scale.min,
        maxReplicas: scale.max,
        metrics: [
          ...(cpu === undefined ? [] : [utilization("cpu", cpu)]),
          ...(scale.memory === undefined ? [] : [utilization("memory", scale.memory)]),
        ],
        // Up at once, down slowly: load comes in waves, and a pod that ends cuts connections.
        behavior: {
          scaleDown: {
            stabilizationWindowSeconds: 300,
            policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
          },
        },
      },
    },
  ];
}

function utilization(name: "cpu" | "memory", averageUtilization: number): Node<never> {
  return { type: "Resource", resource: { name, target: { type: "Utilization", averageUtilization } } };
}

/** Nodes may be emptied one pod at a time. A single pod has none: a budget for it would block the node for good. */
export function renderDisruptionBudget<T>(context: Context<T>, workload: Workload): KubernetesObject<T>[] {
  if (workload.kind === "job" || replicasOf(workload).min < 2) {
    return [];
  }
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: metadataOf(context, workload),
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: selectorOf(context.plan, workload.name) },
        // A pod that does not work anyway must not keep its node from being emptied.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  ];
}
