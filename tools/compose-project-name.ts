import { MONITORING } from "../catalog/plan/monitoring";
import { readInstallation, suffixOf } from "./installation";

/**
 * Name of a system's Compose project on this machine: `<system>-<stack>`, and the suffix of the data folder's
 * installation. Names are unique per user, home and data folder on one Docker daemon. A container that mounts the data
 * folder uses the same names as the host.
 */
export function composeProjectName(
  system: string,
  stack: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const suffix = readInstallation(env)?.suffix ?? suffixOf(env) ?? "";
  return `${system}-${stack}${suffix}`;
}

/** Name of a network that the systems of a stack share: that of a network of the stack's monitoring project. */
export function sharedNetworkName(name: string, stack: string): string {
  return `${composeProjectName(MONITORING, stack)}_${name}`;
}
