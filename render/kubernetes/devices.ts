import { isGivenByCluster } from "../../base/labels";
import { deviceKind, GOOGLE_GPU } from "../../catalog/devices";
import type { DeviceException } from "../../catalog/types";
import type { Plan, Workload } from "../../catalog/plan/types";
import { volumeName } from "./names";
import type { Node } from "./types";

/** Resource name of NVIDIA's device plugin, and the taint that keeps other pods off GPU nodes. */
const GPU = "nvidia.com/gpu";
/** Node label of NVIDIA's GPU feature discovery, on clusters outside of Google Cloud. */
const ANY_GPU = "nvidia.com/gpu.present";
const GPU_PRODUCT = "nvidia.com/gpu.product";

export function devicesOf({ exceptions }: Pick<Workload, "exceptions">): DeviceException[] {
  return exceptions.filter((one): one is DeviceException => one.allow === "device");
}

/** Mounts the host devices of a workload. */
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

/** Returns the node selector and the tolerations of a pod. */
export function nodesOf({ target }: Plan, { nodes = {}, gpu, gpuType }: Workload) {
  const asked = gpuType !== undefined && { [target === "gcp" ? GOOGLE_GPU.label : GPU_PRODUCT]: gpuType };
  const usual = target === "gcp" ? { [GOOGLE_GPU.label]: GOOGLE_GPU.smallest } : { [ANY_GPU]: "true" };
  const selector = { ...(gpu !== undefined && !asked && usual), ...nodes, ...asked };
  const tolerations = [
    ...(gpu === undefined ? [] : [{ key: GPU, operator: "Exists", effect: "NoSchedule" }]),
    // Nodes that are dedicated to these pods have their labels as taints too. Autopilot creates such nodes.
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
