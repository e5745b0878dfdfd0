import { MONITORING } from "../catalog/plan/monitoring";
import { readInstallation, suffixOf } from "./installation";

/**
 * Name of the Compose project of a system on this machine: `<system>-<stack>`, and the suffix of the data folder's
 * installation. Two users, two homes or two data folders never have the same names on one Docker daemon; a container
 * that mounts the data folder has the same names as the host.
 */
export function composeProjectName(
  system: string,
  stack: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const suffix = readInstallation(env)?.suffix ?? suffixOf(env) ?? "";
  return `${system}-${stack}${suffix}`;
}

/** Name of a network that the systems of a stack share. It is called like one of the project that they share it with. */
export function sharedNetworkName(name: string, stack: string): string {
  return `${composeProjectName(MONITORING, stack)}_${name}`;
}
