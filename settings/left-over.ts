import type { SystemDefinition } from "../catalog/types";

/** Settings without what belongs to systems that the catalog does not have (any more). */
export interface Remaining {
  readonly values: Readonly<Record<string, unknown>>;
  /** Paths of what was left out, sorted, such as `secrets.notes`. */
  readonly leftOver: readonly string[];
}

/** Keys of a system's own settings: by them an unknown key is told from a mistyped one. */
const SYSTEM_KEYS = new Set(["settings", "datastores", "services", "enabled"]);

/**
 * Takes a stack's settings of unknown systems out. A system that was taken out of the catalog may still run,
 * and whoever looks at it or brings it down must not be stopped by what is left of it in the settings.
 */
export function withoutUnknownSystems(
  values: Readonly<Record<string, unknown>>,
  systems: Readonly<Record<string, SystemDefinition>>,
  knownKeys: readonly string[],
): Remaining {
  const leftOver: string[] = [];
  const isKnown = (name: string) => Object.hasOwn(systems, name);
  const bySystem = (key: string, value: unknown): unknown => {
    if (!isObject(value)) {
      return value;
    }
    const entries = Object.entries(value);
    leftOver.push(...entries.filter(([name]) => !isKnown(name)).map(([name]) => `${key}.${name}`));
    return Object.fromEntries(entries.filter(([name]) => isKnown(name)));
  };
  const kept = Object.entries(values).flatMap(([key, value]): (readonly [string, unknown])[] => {
    if (["ports", "portOffsets", "secrets", "generations"].includes(key)) {
      return [[key, bySystem(key, value)]];
    }
    if (key === "systems" && Array.isArray(value)) {
      const unknown = value.filter((name) => typeof name === "string" && !isKnown(name));
      leftOver.push(...unknown.map((name) => `systems.${String(name)}`));
      return [[key, value.filter((name) => !unknown.includes(name))]];
    }
    if (!knownKeys.includes(key) && looksLikeSystem(value)) {
      leftOver.push(key);
      return [];
    }
    return [[key, value]];
  });
  return { values: Object.fromEntries(kept), leftOver: leftOver.sort() };
}

/** Whether a value could be the settings of a system. */
function looksLikeSystem(value: unknown): boolean {
  return isObject(value) && Object.keys(value).every((key) => SYSTEM_KEYS.has(key));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
