/** Replaces secret values in text. */
export type Mask = (text: string) => string;

/** Minimum length of a masked value. Replacing each "a" would hide nothing and make the message unreadable. */
const SHORTEST = 4;
/** Minimum length of a masked base64 fragment. A shorter one also occurs in other words. */
const SHORTEST_BASE64 = 8;
/** Armor lines, which every PEM certificate and key contains. */
const ARMOR = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

/**
 * Creates a mask for secret values and for passwords in URLs (`scheme://user:password@host`). Masks each value as a
 * whole, line by line, URL-encoded, in base64 (also within a longer text) and in JSON.
 */
export function maskOf(contents: readonly string[]): Mask {
  const values = contents.flatMap((content) => [
    content,
    content.trim(),
    // Logs show single lines without surrounding white space.
    ...content.split("\n").map((line) => line.trim()),
    ...passwords(content),
  ]);
  const forms = [...new Set(values)]
    .filter((value) => value.length >= SHORTEST && !ARMOR.test(value))
    .flatMap(formsOf);
  // Longest first: a URL is masked before the password in it.
  const hidden = [...new Set(forms)]
    .filter((form) => form.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((masked, form) => masked.replaceAll(form, "[secret]"), text);
}

/** Encodings of a value within another text. */
function formsOf(value: string): string[] {
  return [value, ...addressForms(value), ...base64Forms(value), ...jsonForms(value)];
}

function addressForms(value: string): string[] {
  const encoded = Buffer.from(value).toString("utf8") === value ? encodeURIComponent(value) : value;
  const strict = encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  const form = new URLSearchParams({ "": value }).toString().slice(1);
  const all = [encoded, strict, form, strict.replaceAll("%20", "+")];
  const cased = (change: (hex: string) => string) =>
    all.map((form) => form.replace(/%[0-9A-Fa-f]{2}/g, change));
  return [...all, ...cased((hex) => hex.toUpperCase()), ...cased((hex) => hex.toLowerCase())];
}

/** Base64 of the whole value, and the characters that depend only on the value at each offset in a longer text. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const whole = bytes.toString("base64").replace(/=+$/, "");
  const pieces = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3)),
  );
  const all = [whole, ...pieces.filter(({ length }) => length >= SHORTEST_BASE64)];
  return [...all, ...all.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** JSON encodings, including JSON within JSON and Go's escaping. */
function jsonForms(value: string): string[] {
  const escape = (text: string) => JSON.stringify(text).slice(1, -1);
  const once = escape(value);
  const go = once.replace(
    /[<>&]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [once, go, escape(once), escape(go)];
}

function passwords(content: string): string[] {
  const encoded = /:\/\/[^\s/:@]*:([^\s@/]+)@/.exec(content)?.[1];
  if (encoded === undefined) {
    return [];
  }
  try {
    return [encoded, decodeURIComponent(encoded)];
  } catch {
    return [encoded];
  }
}
