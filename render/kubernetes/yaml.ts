import type { KubernetesObject, Node } from "./types";

/**
 * Objects as a YAML stream that YAML 1.1 and 1.2 read alike. Text stands bare only where no reader can take it
 * for anything else; otherwise it is quoted as JSON quotes it, or a literal block when it has several lines.
 * Written for this one purpose, as general encoders take most of a renderer's time (see `bench/`).
 */
export function kubernetesYaml(objects: readonly KubernetesObject<string>[]): string {
  const parts: string[] = [];
  for (const object of objects) {
    parts.push("---");
    writeFields(object as Fields, "\n", parts);
    parts.push("\n");
  }
  return parts.join("");
}

type Value = Node<string> | undefined;
type Fields = Readonly<Record<string, Value>>;

/** `newline` is a line break and the indentation of this level. */
function writeFields(fields: Fields, newline: string, parts: string[]): void {
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) {
      parts.push(newline, keyText(key), ":");
      writeValue(value, newline, parts);
    }
  }
}

/** Writes a field's value behind `key:`. */
function writeValue(value: Exclude<Value, undefined>, newline: string, parts: string[]): void {
  if (typeof value === "string") {
    parts.push(" ", text(value, newline));
  } else if (typeof value !== "object" || value === null) {
    parts.push(" ", scalar(value));
  } else if (Array.isArray(value)) {
    writeList(value as readonly Value[], newline, parts);
  } else if (isEmpty(value as Fields)) {
    parts.push(" {}");
  } else {
    writeFields(value as Fields, `${newline}  `, parts);
  }
}

function writeList(list: readonly Value[], newline: string, parts: string[]): void {
  if (list.length === 0) {
    parts.push(" []");
  }
  for (const item of list) {
    parts.push(newline, "-");
    if (typeof item === "object" && item !== null && !Array.isArray(item) && !isEmpty(item as Fields)) {
      writeItem(item as Fields, `${newline}  `, parts);
    } else {
      writeValue(item ?? null, `${newline}  `, parts);
    }
  }
}

/** The first field of a list's item stands behind its dash. */
function writeItem(fields: Fields, newline: string, parts: string[]): void {
  let lead = " ";
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) {
      parts.push(lead, keyText(key), ":");
      writeValue(value, newline, parts);
      lead = newline;
    }
  }
}

function isEmpty(fields: Fields): boolean {
  for (const key in fields) {
    if (fields[key] !== undefined) {
      return false;
    }
  }
  return true;
}

function scalar(value: number | boolean | null): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`${value} is no number of a Kubernetes object`);
  }
  return String(value);
}

// Starts with a letter or a slash and holds nothing that any YAML gives a meaning; quantities and addresses beside it.
const BARE =
  /^(?:[A-Za-z/][A-Za-z0-9_./-]*(?:[ :@=+][A-Za-z0-9_./-]+)*|[0-9]+(?:m|[KMGT]i)|[0-9]+(?:\.[0-9]+){3}(?:\/[0-9]+)?)$/;
/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
// A byte order mark, the rarer line breaks and control characters would be read differently, or not at all.
const UNSAFE = /[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

/** Keys, and values without a line break, come from a small set: most are looked up. */
const KNOWN = new Map<string, string>();
const MOST_KNOWN = 10_000;
const LONGEST_KNOWN = 80;

function keyText(key: string): string {
  return KNOWN.get(key) ?? remembered(key);
}

function text(value: string, newline: string): string {
  return KNOWN.get(value) ?? (value.includes("\n") ? lines(value, newline) : remembered(value));
}

function remembered(value: string): string {
  const written = BARE.test(value) && !WORDS.test(value) ? value : quoted(value);
  if (value.length <= LONGEST_KNOWN && KNOWN.size < MOST_KNOWN) {
    KNOWN.set(value, written);
  }
  return written;
}

/** JSON's quotes mean the same in YAML, once the characters that only YAML breaks lines at are escaped. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A literal block keeps text of several lines readable, unless it begins or ends in a way that gets lost. */
function lines(value: string, newline: string): string {
  if (UNSAFE.test(value) || /^[\s]|\n\n$|[ \t]\n|[ \t]$/.test(value)) {
    return quoted(value);
  }
  const indent = `${newline}  `;
  const body = value.endsWith("\n") ? value.slice(0, -1) : value;
  const written = body.split("\n").map((line) => (line === "" ? "\n" : indent + line));
  return `${value.endsWith("\n") ? "|" : "|-"}${written.join("")}`;
}
