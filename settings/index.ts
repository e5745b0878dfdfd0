import { throwProblems } from "../catalog/problems";
import type { SystemDefinition } from "../catalog/types";
import { readStackFile } from "./file";
import { readSettings } from "./read";
import { checkSharedCluster } from "./shared-cluster";
import type { StackSettings } from "./types";

export { readStackFile } from "./file";
export { ENCRYPTED } from "./secret-settings";
export { missingSecrets, planSettings, requireSecrets, secretUsers, takingPart } from "./plan";
export { knownSecrets, type KnownSecret } from "./generations";
export { readSettings, readSettingsLeniently, type RawSettings } from "./read";
export type { Asked, DatastoreSettings, StackSettings, SystemSettings } from "./types";

/**
 * Settings of a stack from its file, without the engine and without any key.
 * @throws ProblemsError with every mistake in it
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
