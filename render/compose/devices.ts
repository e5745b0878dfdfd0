import { deviceKind } from "../../catalog/devices";
import type { DeviceException } from "../../catalog/types";
import type { Workload } from "../../catalog/plan/types";
import type { ComposeMount, ComposeService } from "./document";

export function devicesOf({ exceptions }: Pick<Workload, "exceptions">): DeviceException[] {
  return exceptions.filter((one): one is DeviceException => one.allow === "device");
}

/**
 * Mounts the folders of hot-plugged devices. A cgroup rule permits devices of their kind, without a privileged
 * container.
 */
export function deviceMounts(workload: Workload): ComposeMount[] {
  return devicesOf(workload).map(({ path }) => ({
    type: "bind" as const,
    source: path,
    target: path,
    // Docker would otherwise create a folder in place of a missing device.
    bind: { create_host_path: false },
  }));
}

export function deviceRules(workload: Workload): Pick<ComposeService, "device_cgroup_rules" | "group_add"> {
  const devices = devicesOf(workload);
  const majors = [...new Set(devices.flatMap(({ path }) => deviceKind(path)?.major ?? []))];
  const groups = [...new Set(devices.flatMap(({ groups: wanted = [] }) => wanted))];
  return {
    ...(majors.length > 0 && {
      device_cgroup_rules: majors.sort((a, b) => a - b).map((major) => `c ${major}:* rw`),
    }),
    ...(groups.length > 0 && { group_add: groups.sort((a, b) => a - b).map(String) }),
  };
}

export function gpuReservation({ gpu }: Workload) {
  return gpu === undefined ? {} : { devices: [{ driver: "nvidia", count: gpu, capabilities: ["gpu"] }] };
}
