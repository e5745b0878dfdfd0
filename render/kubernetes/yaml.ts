import type { KubernetesObject, Node } from "./types";

/**
 * Objects as a YAML stream that YAML 1.1 and 1.2 read alike. Text stands bare only where no reader can take it
 * for anything else; otherwise it is quoted as JSON quotes it, or a literal block when it has several lines.
 * Written for this one purpose, as general encoders take most of a renderer's time (see `bench/`).
 */
export function kubernetesYaml(objects: readonly KubernetesObject<string>[]): string {
  return objects.map((object) => `---${fieldsText(object as Fields, 0)}\n`).join("");
}

type Value = Node<string> | undefined;
type Fields = Readonly<Record<string, Value>>;

function fieldsText(fields: Fields, level: number): string {
  let written = "";
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) {
      written += `${newline(level)}${keyText(key)}:${valueText(value, level)}`;
    }
  }
  return written;
}

/** What stands behind `key:` or a dash. */
function valueText(value: Exclude<Value, undefined>, level: number): string {
  if (typeof value === "string") {
    return ` ${KNOWN.get(value) ?? (value.includes("\n") ? linesText(value, level) : remembered(value))}`;
  }
  if (typeof value !== "object" || value === null) {
    return ` ${scalarText(value)}`;
  }
  if (Array.isArray(value)) {
    return listText(value as readonly Value[], level);
  }
  return fieldsText(value as Fields, level + 1) || " {}";
}

function listText(list: readonly Value[], level: number): string {
  if (list.length === 0) {
    return " []";
  }
  let written = "";
  for (const item of list) {
    written += `${newline(level)}-${itemText(item ?? null, level + 1)}`;
  }
  return written;
}

/** The first field of a list's item stands behind its dash. */
function itemText(item: Exclude<Value, undefined>, level: number): string {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    return valueText(item, level);
  }
  const written = fieldsText(item as Fields, level);
  return written === "" ? " {}" : ` ${written.slice(newline(level).length)}`;
}

const NEWLINES: string[] = [];

/** A line break and the indentation of a level. */
function newline(level: number): string {
  return (NEWLINES[level] ??= `\n${"  ".repeat(level)}`);
}

function scalarText(value: number | boolean | null): string {
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
function linesText(value: string, level: number): string {
  if (UNSAFE.test(value) || /^\s|\n\n$|[ \t]\n|[ \t]$/.test(value)) {
    return quoted(value);
  }
  const ends = value.endsWith("\n");
  const lines = (ends ? value.slice(0, -1) : value).split("\n");
  return (ends ? "|" : "|-") + lines.map((line) => (line === "" ? "\n" : newline(level + 1) + line)).join("");
}
