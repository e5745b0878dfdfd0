import type { Plan } from "../../catalog/plan";
import type { SystemDefinition } from "../../catalog/types";
import { secretUsers, type StackSettings } from "../../settings";

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

/** How a person signs in to a system, one line per password. `up` prints them after the addresses. */
export function signInHints(
  plan: Plan,
  { secrets }: Pick<SystemDefinition, "secrets">,
  stack: string,
): string[] {
  return secrets.flatMap(({ name, signIn }) =>
    // A service that is left out, or that this stack does not run, has no sign-in.
    signIn === undefined || secretUsers(plan, name).length === 0
      ? []
      : [
          `${plan.system}: sign in as ${signIn}; the password: bin/longshore secrets show ${plan.system}.${name} --stack ${stack}`,
        ],
  );
}
