import { deviceKind, GOOGLE_GPU, isGivenByCluster } from "../../catalog/devices";
import type { DeviceException } from "../../catalog/types";
import type { Plan, Workload } from "../../catalog/plan/types";
import { volumeName } from "./names";
import type { Node } from "./types";

/** What NVIDIA's device plugin counts, and the taint that keeps others off nodes with GPUs. */
const GPU = "nvidia.com/gpu";
/** How nodes elsewhere are labelled by NVIDIA's feature discovery. */
const ANY_GPU = "nvidia.com/gpu.present";
const GPU_PRODUCT = "nvidia.com/gpu.product";

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

/** Which nodes a pod may run on, and which it may though they keep others away. */
export function nodesOf({ target }: Plan, { nodes = {}, gpu, gpuType }: Workload) {
  const asked = gpuType !== undefined && { [target === "gcp" ? GOOGLE_GPU.label : GPU_PRODUCT]: gpuType };
  const usual = target === "gcp" ? { [GOOGLE_GPU.label]: GOOGLE_GPU.smallest } : { [ANY_GPU]: "true" };
  const selector = { ...(gpu !== undefined && !asked && usual), ...nodes, ...asked };
  const tolerations = [
    ...(gpu === undefined ? [] : [{ key: GPU, operator: "Exists", effect: "NoSchedule" }]),
    // Nodes that are there for these pods have their labels as taints too; Autopilot makes such nodes.
    ...Object.entries(nodes)
      .filter(([label]) => !isGivenByCluster(label))
      .map(([key, value]) => ({ key, operator: "Equal", value, effect: "NoSchedule" })),
  ];
  return {
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
    ...(tolerations.length > 0 && { tolerations }),
  };
}

export function gpuLimit({ gpu }: Workload): Record<string, string> {
  return gpu === undefined ? {} : { [GPU]: String(gpu) };
}
