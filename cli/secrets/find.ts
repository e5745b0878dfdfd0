import { nearest } from "../../catalog/check/nearest";
import { planSystem, type Plan } from "../../catalog/plan";
import { planSettings, type StackSettings } from "../../settings";
import { usage } from "../support/failure";
import { definitionOf } from "../support/plans";

/** Plans a system with all secrets that it could have. */
export function wholePlan(settings: StackSettings, system: string): Plan {
  const definition = definitionOf(system);
  const all = definition.secrets.map(({ name }) => name);
  return planSystem(definition, { ...planSettings(settings, system), secretsSet: all });
}

export function daysSince(day: string): number {
  return Math.max(0, Math.floor((Date.now() - Date.parse(day)) / 86_400_000));
}

/** Finds an item by its key. @throws Failure that suggests the nearest key */
export function foundIn<T extends { readonly key: string }>(all: readonly T[], text: string): T {
  const found = all.find(({ key }) => key === text);
  if (!found) {
    const close = nearest(
      text,
      all.map(({ key }) => key),
    );
    throw usage(
      `there is no secret ${text}; ${close ? `did you mean ${close}?` : "bin/longshore secrets list shows them"}`,
    );
  }
  return found;
}
