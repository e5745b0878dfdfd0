/**
 * A config value as the engine hands it over: an object or a list as JSON text, everything else as it was written. An
 * integer that a number cannot hold stays text with all its digits, so that a number setting refuses it.
 */
export function structured(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(withExactNumbers(value));
    return typeof parsed === "object" ? parsed : value;
  } catch {
    return value;
  }
}

/** Strings of the JSON text are matched first, so that digits inside them stay. */
function withExactNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}
