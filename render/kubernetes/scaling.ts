import type { Workload } from "../../catalog/plan/types";
import { metadataOf, type Context } from "./context";
import { replicasOf, selectorOf } from "./names";
import type { KubernetesObject, Node } from "./types";
import { controllerKind } from "./workload";

/** Target CPU utilization in percent of the request, if the catalog names none. */
const DEFAULT_CPU = 75;

/** Renders the autoscaler of a workload with an autoscaling range. */
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
        // Scales up immediately and down slowly, because load fluctuates and terminating a pod closes connections.
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

/**
 * Renders a budget that allows one pod at a time to be evicted. A single pod has none, because a budget would block
 * draining its node.
 */
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
        // An unhealthy pod must not block draining its node.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  ];
}
