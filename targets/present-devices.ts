import { existsSync } from "node:fs";
import type { Plan } from "../catalog/plan/types";

/** A plan for a machine: without the devices that it does not have, and a line about each of them. */
export interface PresentDevices {
  readonly plan: Plan;
  readonly absent: readonly string[];
}

/** A container that asks for a device that is not there would not start at all. */
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
