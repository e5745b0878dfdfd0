import type { Workload } from "../../catalog/plan/types";
import { LOGS_DISK } from "./container";
import { namespaced, type Context } from "./context";
import { devicesOf } from "./devices";
import { formatBytes, formatCpu, labelsOf, PREFIX, replicasOf } from "./names";
import type { KubernetesObject } from "./types";

/** Version of the Pod Security Standard: a newer cluster must not start to refuse what ran yesterday. */
const POD_SECURITY_VERSION = "v1.33";

/**
 * The namespace admits only pods that follow the strictest Pod Security Standard. No standard but the loosest knows
 * of devices of a node: where they are used the namespace says so, and what is looser is still warned about.
 */
export function renderNamespace<T>({ plan, namespace, options }: Context<T>): KubernetesObject<T> {
  const devices = plan.workloads.filter((workload) => devicesOf(workload).length > 0);
  const modes = ["audit", "enforce", "warn"].flatMap((mode) => [
    [
      `pod-security.kubernetes.io/${mode}`,
      mode === "enforce" && devices.length > 0 ? "privileged" : "restricted",
    ],
    [`pod-security.kubernetes.io/${mode}-version`, POD_SECURITY_VERSION],
  ]);
  const labels = { ...labelsOf(plan), ...(Object.fromEntries(modes) as Record<string, string>) };
  const reasons = devices.flatMap((workload) =>
    devicesOf(workload).map(({ path, reason }) => `${workload.name} uses ${path}: ${reason}`),
  );
  const annotations = {
    ...(reasons.length > 0 && { [`${PREFIX}/exceptions`]: reasons.join("; ") }),
    // Applied by two field managers with two values, an annotation is a conflict: a second stack stops here.
    ...(options.stack !== undefined && { [`${PREFIX}/stack`]: options.stack }),
  };
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels, ...(Object.keys(annotations).length > 0 && { annotations }) },
  };
}

/**
 * Twice what the plan needs at its largest: room for a rollout with pods that still end, yet a runaway cannot
 * take the whole cluster. Nothing here may open a port of a node or an address of its own.
 */
export function renderResourceQuota<T>(context: Context<T>): KubernetesObject<T> {
  const { workloads } = context.plan;
  const twice = (amount: (workload: Workload) => number) =>
    2 * workloads.reduce((sum, workload) => sum + replicasOf(workload).max * amount(workload), 0);
  const claims = twice(({ volumes }) => volumes.length);
  const hard = {
    "limits.cpu": formatCpu(twice(({ resources }) => resources.cpu.limit)),
    "limits.memory": formatBytes(twice(({ resources }) => resources.memory.limit)),
    persistentvolumeclaims: String(claims),
    pods: String(twice(() => 1)),
    "requests.cpu": formatCpu(twice(({ resources }) => resources.cpu.request)),
    "requests.memory": formatBytes(twice(({ resources }) => resources.memory.request)),
    ...(claims > 0 && {
      "requests.storage": formatBytes(
        twice(({ volumes }) => volumes.reduce((sum, { size }) => sum + size, 0)),
      ),
    }),
    "services.loadbalancers": "0",
    "services.nodeports": "0",
  };
  return namespaced(context, "v1", "ResourceQuota", "quota", { spec: { hard } });
}

/** What a container gets that says nothing, such as one that an operator starts to look around. */
export function renderLimitRange<T>(context: Context<T>): KubernetesObject<T> {
  const disk = { "ephemeral-storage": formatBytes(LOGS_DISK) };
  const defaults = {
    type: "Container",
    default: { cpu: "500m", memory: "256Mi", ...disk },
    defaultRequest: { cpu: "50m", memory: "64Mi", ...disk },
  };
  return namespaced(context, "v1", "LimitRange", "defaults", { spec: { limits: [defaults] } });
}
