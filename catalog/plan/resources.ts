import type { Resources } from "../types";
import { parseCpu, parseQuantity } from "../../base/quantities";
import type { PlannedResources } from "./types";

/** Converts the resources of a valid catalog to numbers. */
export function planResources({ cpu, memory }: Resources): PlannedResources {
  return {
    cpu: { request: parseCpu(cpu[0]) ?? 0, limit: parseCpu(cpu[1]) ?? 0 },
    memory: { request: parseQuantity(memory[0]) ?? 0, limit: parseQuantity(memory[1]) ?? 0 },
  };
}
