import { throwProblems } from "../base/problems";
import type { SystemDefinition } from "../catalog/types";
import { readStackFile } from "./file";
import { readSettings } from "./read";
import { checkSharedCluster } from "./shared-cluster";
import type { StackSettings } from "./types";

export { publicationOf } from "./bind";
export { readStackFile } from "./file";
export { ENCRYPTED } from "./secret-settings";
export { missingSecrets, planSettings, requireSecrets, secretUsers, participatingPlans } from "./plan";
export { knownSecrets, type KnownSecret } from "./generations";
export { readSettings, readSettingsLeniently, type RawSettings } from "./read";
export type { RunOverrides, DatastoreSettings, StackSettings, SystemSettings } from "./types";

/**
 * Loads the settings of a stack from its file, without the engine or any key.
 * @throws ProblemsError with every problem of the file
 */
export function loadStack(
  root: string,
  stack: string,
  systems: Readonly<Record<string, SystemDefinition>>,
): StackSettings {
  const settings = readSettings(readStackFile(root, stack), systems);
  throwProblems(`Pulumi.${stack}.yaml`, checkSharedCluster(root, settings));
  return settings;
}
