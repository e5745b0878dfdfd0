import type { Workload } from "../../catalog/plan/types";
import { LOGS_DISK } from "./container";
import { namespaced, type Context } from "./context";
import { devicesOf } from "./devices";
import { formatBytes, formatCpu, labelsOf, PREFIX, replicasOf } from "./names";
import type { KubernetesObject } from "./types";

/** Pinned version of the Pod Security Standard, so that a newer cluster does not reject running workloads. */
const POD_SECURITY_VERSION = "v1.33";

/**
 * Renders the namespace, which enforces the strictest Pod Security Standard. All standards except the loosest forbid
 * host devices. If the catalog permits some, the namespace enforces the loosest level and still warns about violations.
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
    // Server-side apply reports a conflict if a second stack applies another value, which stops that stack.
    ...(options.stack !== undefined && { [`${PREFIX}/stack`]: options.stack }),
  };
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels, ...(Object.keys(annotations).length > 0 && { annotations }) },
  };
}

/**
 * Renders the ResourceQuota: twice the plan's maximum. This leaves room for a rollout with terminating pods, but stops
 * a runaway workload from exhausting the cluster. Node ports and load balancers are not allowed.
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

/** Renders the default requests and limits of containers without any, such as a debugging container of an operator. */
export function renderLimitRange<T>(context: Context<T>): KubernetesObject<T> {
  const disk = { "ephemeral-storage": formatBytes(LOGS_DISK) };
  const defaults = {
    type: "Container",
    default: { cpu: "500m", memory: "256Mi", ...disk },
    defaultRequest: { cpu: "50m", memory: "64Mi", ...disk },
  };
  return namespaced(context, "v1", "LimitRange", "defaults", { spec: { limits: [defaults] } });
}
