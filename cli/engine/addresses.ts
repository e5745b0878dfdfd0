import type { Plan } from "../../catalog/plan";
import type { StackSettings } from "../../settings";

/** Addresses of debuggers and tools of these systems on this machine, one line each. `up` prints them at its end. */
export function toolAddresses(
  plans: readonly Plan[],
  { portOffsets }: Pick<StackSettings, "portOffsets">,
): string[] {
  return plans.flatMap(({ system, workloads }) => {
    const at = (port: number) => `127.0.0.1:${port + (portOffsets[system] ?? 0)}`;
    return workloads.flatMap(({ name, publish, develop }) => [
      ...(develop?.debug === undefined ? [] : [`${system}/${name}: debugger at ${at(develop.debug)}`]),
      ...(publish ? [`${system}/${name}: http://${at(publish.on)}`] : []),
    ]);
  });
}
