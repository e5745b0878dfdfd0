import { LATE } from "./types";

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at a path, or `{}`. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Fields {
  const found = at(value, ...path);
  return isFields(found) ? found : {};
}

/** The value at a path; `LATE` when it or one of its parents is unknown before the deployment. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (found === LATE ? LATE : isFields(found) ? found[key] : undefined),
    value,
  );
}

/** The list at a path, without unknown items. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter((item) => item !== LATE) : [];
}

/** A value as messages show it: `"text"`, `true`, `nothing`. */
export function show(value: unknown): string {
  return value === undefined || value === null ? "nothing" : JSON.stringify(value);
}

/** A violation unless the value at a dotted path is one of the expected ones. */
export function expectAt(value: unknown, path: string, expected: readonly unknown[]): string[] {
  return expectValue(at(value, ...path.split(".")), path, expected);
}

/** Like `expectAt`, for a value that was already read; the path is for the message. An unknown value passes. */
export function expectValue(found: unknown, path: string, expected: readonly unknown[]): string[] {
  return found === LATE || expected.includes(found)
    ? []
    : [`${path}: expected ${expected.map(show).join(" or ")}, got ${show(found)}`];
}
