/**
 * Values in the protocol between engine and provider: JSON in which a secret is wrapped in an object with a signature,
 * and an unknown value is one of a few fixed strings.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Properties = { [key: string]: Json };

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The engine's representation of a value that is unknown until a resource is created. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const UNKNOWNS = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export function isUnknown(value: Json | undefined): boolean {
  return typeof value === "string" && UNKNOWNS.has(value);
}

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Json | undefined): value is { [key: string]: Json } {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Wraps a value so that the engine encrypts it in the state and hides it in the output. */
export function secret(value: Json): Json {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** The value without secret wrappers, at all depths. Only for checks and comparisons; never return it. */
export function unwrap(value: Json): Json {
  if (isSecret(value)) {
    return unwrap(value.value ?? null);
  }
  if (Array.isArray(value)) {
    return value.map(unwrap);
  }
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]));
  }
  return value;
}

/** Merges `over` into `base`, object by object; a wrapped secret is replaced as a whole. */
export function merge(base: Properties, over: Properties): Properties {
  const result: Properties = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const existing = result[key];
    const both = isObject(existing) && isObject(value) && !isSecret(existing) && !isSecret(value);
    result[key] = both ? merge(existing, value) : value;
  }
  return result;
}

/** Removes undefined entries, so that tables need no conditions. */
export function defined(entries: Record<string, Json | undefined>): Properties {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Properties;
}

export function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && !isUnknown(value) ? value : undefined;
}
