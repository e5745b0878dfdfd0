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
