/**
 * Parses a config value as the engine passes it: objects and lists as JSON text, everything else verbatim. An integer
 * that a number cannot represent remains text with all its digits, so that a number setting rejects it.
 */
export function structured(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(withExactNumbers(value));
    return typeof parsed === "object" ? parsed : value;
  } catch {
    return value;
  }
}

/** Quotes inexact integers in JSON text. Strings are matched first, so that digits in them are unchanged. */
function withExactNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}
