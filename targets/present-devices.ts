import { existsSync } from "node:fs";
import type { Plan } from "../catalog/plan/types";

/** A plan without the devices that this machine lacks, and a message about each of them. */
export interface PresentDevices {
  readonly plan: Plan;
  readonly absent: readonly string[];
}

/** Removes absent devices from a plan, because a container with an absent device fails to start. */
export function withPresentDevices(
  plan: Plan,
  isThere: (path: string) => boolean = existsSync,
): PresentDevices {
  const absent: string[] = [];
  const workloads = plan.workloads.map((workload) => {
    const exceptions = workload.exceptions.filter((one) => one.allow !== "device" || isThere(one.path));
    for (const one of workload.exceptions) {
      if (one.allow === "device" && !exceptions.includes(one)) {
        absent.push(`${workload.name}: ${one.path} is not on this machine, so it runs without`);
      }
    }
    return { ...workload, exceptions };
  });
  return { plan: { ...plan, workloads }, absent };
}
