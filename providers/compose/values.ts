// Wrappers of values in Pulumi's protocol. Importing them from the SDK would load all of it (0.5 s).
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Properties = Record<string, unknown>;

export function isRecord(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWrapped(value: unknown): value is Properties & { value: unknown } {
  return isRecord(value) && value[SIGNATURE] === SECRET;
}

/** Removes secret wrappers from a value at any depth. */
export function unwrap(value: unknown): unknown {
  if (isWrapped(value)) {
    return unwrap(value.value);
  }
  if (Array.isArray(value)) {
    return value.map(unwrap);
  }
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]));
  }
  return value;
}

/** Wraps a value so that the engine encrypts it in the state and masks it in its output. */
export function secret(value: unknown): Properties {
  return { [SIGNATURE]: SECRET, value };
}

/** Whether a value contains an unknown part, which a preview knows only after another resource exists. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.some(hasUnknown);
  }
  return isRecord(value) && Object.values(value).some(hasUnknown);
}
