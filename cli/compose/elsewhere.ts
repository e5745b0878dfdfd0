import type { StackSettings } from "../../settings";
import { findService, type Survey } from "./survey";

/** Command that lists the pods of a system that runs on a cluster. */
export const podsOf = (system: string, settings: StackSettings): string =>
  `${kubectl(settings)} get pods --namespace ${system}`;

/**
 * Prefix of kubectl commands. Names the context if the settings do, so that the command never acts on another cluster.
 */
export function kubectl({ cluster: { context } }: StackSettings): string {
  return context === undefined ? "kubectl" : `kubectl --context ${context}`;
}

/** Finds a service of a stack that runs on another target. */
export function findIn(settings: Survey["settings"], service: string) {
  return findService({ settings, systems: settings.systems, containers: [] }, service);
}
