import type { SystemDefinition } from "../types";
import type { PlanSettings } from "./settings";

/** Removes devices that the environment does not offer. A workload without devices may run on any node. */
export function withOfferedDevices(definition: SystemDefinition, settings: PlanSettings): SystemDefinition {
  const { offersDevices = true, services = {} } = settings;
  const offered = <T extends SystemDefinition["services"][number] | SystemDefinition["jobs"][number]>(
    container: T,
  ): T => {
    const exceptions = container.exceptions.filter(({ allow }) => allow !== "device");
    const isGiven = services[container.name]?.devices ?? offersDevices;
    if (isGiven || exceptions.length === container.exceptions.length) {
      return container;
    }
    const { nodes: _, ...others } = container;
    return { ...others, exceptions } as unknown as T;
  };
  return {
    ...definition,
    services: definition.services.map(offered),
    jobs: definition.jobs.map(offered),
  };
}
