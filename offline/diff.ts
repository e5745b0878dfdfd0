import { isObject, type Json, type Properties } from "./values";

/** One difference between two sets of inputs. */
export interface Change {
  /** Keys and indexes from the root. */
  readonly path: readonly (string | number)[];
  readonly kind: "add" | "delete" | "update";
}

/** Every differing leaf, in the order of the keys. Expects both sides without secret wrappers. */
export function changes(before: Json | undefined, after: Json | undefined): Change[] {
  return walk(before, after, []);
}

function walk(
  before: Json | undefined,
  after: Json | undefined,
  path: readonly (string | number)[],
): Change[] {
  if (before === undefined || after === undefined) {
    return before === after ? [] : [{ path, kind: before === undefined ? "add" : "delete" }];
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => walk(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }).flatMap((_, index) => walk(before[index], after[index], [...path, index]));
  }
  return Object.is(before, after) ? [] : [{ path, kind: "update" }];
}

/** `spec.template.spec.containers[0].image`; keys with special characters are quoted, as the engine parses them. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") {
        return `[${step}]`;
      }
      if (!/^[A-Za-z_$][\w$]*$/.test(step)) {
        return `["${step.replaceAll('"', '\\"')}"]`;
      }
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

/**
 * Whether a changed path is below one of the patterns. A pattern is a dotted path without indexes:
 * `settings.ipConfiguration.privateNetwork` and everything below it.
 */
export function matchesPattern(path: readonly (string | number)[], patterns: readonly string[]): boolean {
  const keys = path.filter((step) => typeof step === "string").join(".");
  return patterns.some(
    // Adding or removing a whole object includes the pattern's path.
    (pattern) => keys === pattern || keys.startsWith(`${pattern}.`) || pattern.startsWith(`${keys}.`),
  );
}

/** The inputs without keys that start with two underscores, which providers use internally. */
export function withoutNotes(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !key.startsWith("__")));
}
