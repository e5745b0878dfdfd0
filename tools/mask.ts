/** Replaces secret values in text that people will read. */
export type Mask = (text: string) => string;

/** Shorter values are left: replacing each "a" would hide nothing and destroy the message. */
const SHORTEST = 4;
/** A piece of a base64 text that is shorter is found in other words too. */
const SHORTEST_BASE64 = 8;
/** Lines that every certificate and key has. */
const ARMOR = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

/**
 * A mask for secret values and for passwords inside addresses (`scheme://user:password@host`): each as it is, line by
 * line, and as it looks in an address, in base64 (also as a part of a longer text), in JSON.
 */
export function maskOf(contents: readonly string[]): Mask {
  const values = contents.flatMap((content) => [
    content,
    content.trim(),
    // A log is read line by line, and shown without what surrounds a line.
    ...content.split("\n").map((line) => line.trim()),
    ...passwords(content),
  ]);
  const forms = [...new Set(values)]
    .filter((value) => value.length >= SHORTEST && !ARMOR.test(value))
    .flatMap(formsOf);
  // Longest first: an address goes before the password in it.
  const hidden = [...new Set(forms)]
    .filter((form) => form.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((masked, form) => masked.replaceAll(form, "[secret]"), text);
}

/** How a value may look inside of another text. */
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

/** The whole value, and the characters that depend on nothing else wherever the value begins in a longer text. */
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

/** Also in a text that is itself inside of JSON, and as Go writes it. */
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
