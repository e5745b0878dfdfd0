import { createHash } from "node:crypto";
import { MONITORING } from "../catalog/plan/monitoring";
import { dataDir } from "./paths";

/**
 * Name of the Compose project of a system on this machine: `<system>-<stack>`. Another data folder than the usual
 * one (XDG_DATA_HOME) has another state and other passwords, so its projects are others too: a short hash of the
 * folder tells them apart.
 */
export function composeProjectName(
  system: string,
  stack: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const folder = dataDir(env);
  const { XDG_DATA_HOME: _, ...usual } = env;
  const suffix =
    folder === dataDir(usual) ? "" : `-${createHash("sha256").update(folder).digest("hex").slice(0, 6)}`;
  return `${system}-${stack}${suffix}`;
}

/** Name of a network that the systems of a stack share. It is called like one of the project that they share it with. */
export function sharedNetworkName(name: string, stack: string): string {
  return `${composeProjectName(MONITORING, stack)}_${name}`;
}
