import type { SystemDefinition } from "../catalog/types";

/** Settings without those of systems that are not in the catalog. */
export interface Remaining {
  readonly values: Readonly<Record<string, unknown>>;
  /** Sorted paths of the removed settings, such as `secrets.notes`. */
  readonly unknownSystems: readonly string[];
}

/** Keys of a system's own settings. They distinguish an unknown system from a mistyped key. */
const SYSTEM_KEYS = new Set(["settings", "datastores", "services", "enabled"]);

/**
 * Removes the settings of unknown systems. A system that was removed from the catalog may still run, and its remaining
 * settings must not prevent inspecting it or bringing it down.
 */
export function withoutUnknownSystems(
  values: Readonly<Record<string, unknown>>,
  systems: Readonly<Record<string, SystemDefinition>>,
  knownKeys: readonly string[],
): Remaining {
  const unknownSystems: string[] = [];
  const isKnown = (name: string) => Object.hasOwn(systems, name);
  const bySystem = (key: string, value: unknown): unknown => {
    if (!isObject(value)) {
      return value;
    }
    const entries = Object.entries(value);
    unknownSystems.push(...entries.filter(([name]) => !isKnown(name)).map(([name]) => `${key}.${name}`));
    return Object.fromEntries(entries.filter(([name]) => isKnown(name)));
  };
  const kept = Object.entries(values).flatMap(([key, value]): (readonly [string, unknown])[] => {
    if (["ports", "bind", "redirectPorts", "portOffsets", "secrets", "generations"].includes(key)) {
      return [[key, bySystem(key, value)]];
    }
    if (key === "systems" && Array.isArray(value)) {
      const unknown = value.filter((name) => typeof name === "string" && !isKnown(name));
      unknownSystems.push(...unknown.map((name) => `systems.${String(name)}`));
      return [[key, value.filter((name) => !unknown.includes(name))]];
    }
    if (!knownKeys.includes(key) && looksLikeSystem(value)) {
      unknownSystems.push(key);
      return [];
    }
    return [[key, value]];
  });
  return { values: Object.fromEntries(kept), unknownSystems: unknownSystems.sort() };
}

/** Whether a value could be the settings of a system. */
function looksLikeSystem(value: unknown): boolean {
  return isObject(value) && Object.keys(value).every((key) => SYSTEM_KEYS.has(key));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
