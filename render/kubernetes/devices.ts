import { deviceKind } from "../../catalog/devices";
import type { DeviceException } from "../../catalog/types";
import type { Plan, Workload } from "../../catalog/plan/types";
import { volumeName } from "./names";
import type { Node } from "./types";

/** What NVIDIA's device plugin counts, and the taint that keeps others off nodes with GPUs. */
const GPU = "nvidia.com/gpu";
/** Google's label for the kind of GPU, and the smallest that is offered in most regions. */
const GOOGLE_GPU = ["cloud.google.com/gke-accelerator", "nvidia-l4"] as const;

export function devicesOf({ exceptions }: Pick<Workload, "exceptions">): DeviceException[] {
  return exceptions.filter((one): one is DeviceException => one.allow === "device");
}

/** The machine's devices, where the node has them. */
export function devicePaths<T>(workload: Workload) {
  const devices = devicesOf(workload);
  return {
    volumes: devices.map(({ path }): Node<T> => ({
      name: volumeName("device", path),
      hostPath: { path, type: deviceKind(path)?.isFolder === true ? "Directory" : "CharDevice" },
    })),
    mounts: devices.map(({ path }) => ({ name: volumeName("device", path), mountPath: path })),
  };
}

export function deviceGroups(workload: Workload) {
  const groups = [...new Set(devicesOf(workload).flatMap(({ groups: wanted = [] }) => wanted))];
  return groups.length > 0 ? { supplementalGroups: groups.sort((a, b) => a - b) } : {};
}

/** Which nodes a pod may run on. */
export function nodesOf({ target }: Plan, { nodes = {}, gpu }: Workload) {
  const [label, kind] = target === "gcp" ? GOOGLE_GPU : ["nvidia.com/gpu.present", "true"];
  const selector = { ...(gpu !== undefined && { [label]: kind }), ...nodes };
  return {
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
    ...(gpu !== undefined && { tolerations: [{ key: GPU, operator: "Exists", effect: "NoSchedule" }] }),
  };
}

export function gpuLimit({ gpu }: Workload): Record<string, string> {
  return gpu === undefined ? {} : { [GPU]: String(gpu) };
}
