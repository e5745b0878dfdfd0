/** A value with a local tag, such as Compose's `!override`. */
export class Tagged {
  constructor(
    readonly tag: `!${string}`,
    readonly value: unknown,
  ) {}
}

/**
 * Writes a document that YAML 1.1, YAML 1.2 and go-yaml v2 and v3 parse alike. A string is plain only if no parser can
 * resolve it to another type. Other strings are quoted as in JSON; a multi-line string is a literal block. Keys keep
 * the order of the object; undefined properties are omitted. The output depends only on the value.
 *  This is the only YAML writer for documents that a program parses. A general library is three to six times slower,
 * and js-yaml's plain strings are not safe for go-yaml (docs/adr/0013-yaml.md).
 *
 * @throws TypeError for a value that JSON cannot represent, such as NaN, a function, or half of a surrogate pair
 */
export function yamlText(value: object): string {
  const written = Array.isArray(value) ? listText(value, 0) : fieldsText(value as Fields, 0) || " {}";
  return `${written.slice(1)}\n`;
}

/** Writes a stream of documents, each after a `---` line. */
export function yamlStream(values: readonly object[]): string {
  return values.map((value) => `---\n${yamlText(value)}`).join("");
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsText(fields: Fields, level: number): string {
  let written = "";
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) {
      written += `${newline(level)}${KNOWN.get(key) ?? remembered(key)}:${nodeText(value, level)}`;
    }
  }
  return written;
}

/** Writes a node after `key:` or a dash: on the same line, or on lines of its own. */
function nodeText(value: unknown, level: number): string {
  switch (typeof value) {
    case "string":
      return ` ${KNOWN.get(value) ?? (value.includes("\n") ? linesText(value, level) : remembered(value))}`;
    case "boolean":
      return ` ${value}`;
    case "number":
      return ` ${numberText(value)}`;
    case "object":
      break;
    default:
      throw new TypeError(`${typeof value} cannot be written as YAML`);
  }
  if (value === null) {
    return " null";
  }
  if (Array.isArray(value)) {
    return listText(value, level);
  }
  if (value instanceof Tagged) {
    return ` ${value.tag}${nodeText(value.value, level)}`;
  }
  return fieldsText(value as Fields, level + 1) || " {}";
}

function listText(list: readonly unknown[], level: number): string {
  if (list.length === 0) {
    return " []";
  }
  let written = "";
  for (const item of list) {
    written += `${newline(level)}-${itemText(item ?? null, level + 1)}`;
  }
  return written;
}

/** Writes a list item. Its first field follows the dash. */
function itemText(item: unknown, level: number): string {
  if (typeof item !== "object" || item === null || Array.isArray(item) || item instanceof Tagged) {
    return nodeText(item, level);
  }
  const written = fieldsText(item as Fields, level);
  return written === "" ? " {}" : ` ${written.slice(newline(level).length)}`;
}

const NEWLINES: string[] = [];

/** Returns a line break and the indentation of a level. */
function newline(level: number): string {
  return (NEWLINES[level] ??= `\n${"  ".repeat(level)}`);
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    throw new TypeError(`${value} cannot be written as YAML`);
  }
  // YAML 1.1 requires a point before an exponent: 1.0e+21.
  return String(value).replace(/^(-?\d+)e/, "$1.0e");
}

// Text that begins with a letter or slash and contains no YAML indicator, a quantity, or an IPv4 address.
const PLAIN =
  /^(?:[A-Za-z/][A-Za-z0-9_./-]*(?:[ :@=+][A-Za-z0-9_./-]+)*|[0-9]+(?:m|[KMGT]i)|[0-9]+(?:\.[0-9]+){3}(?:\/[0-9]+)?)$/;
/** Words that YAML 1.1 or 1.2 resolves to a boolean or null. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
// Parsers treat byte order marks, unusual line breaks and control characters differently, or reject them.
const UNSAFE = /[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

/** Cache of written scalars. Keys and one-line values come from a small set. */
const KNOWN = new Map<string, string>();
const MOST_KNOWN = 10_000;
const LONGEST_KNOWN = 80;

function remembered(value: string): string {
  const written = PLAIN.test(value) && !WORDS.test(value) ? value : quoted(value);
  if (value.length <= LONGEST_KNOWN && KNOWN.size < MOST_KNOWN) {
    KNOWN.set(value, written);
  }
  return written;
}

/** Quotes a string as in JSON, and escapes the characters that only YAML treats as line breaks. */
function quoted(value: string): string {
  if (/[\ud800-\udfff]/u.test(value)) {
    throw new TypeError("text with half of a surrogate pair cannot be written as YAML");
  }
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Writes multi-line text as a readable literal block, unless that would change its first or last characters. */
function linesText(value: string, level: number): string {
  if (UNSAFE.test(value) || /^\s|\n\n$|[ \t]\n|[ \t]$/.test(value)) {
    return quoted(value);
  }
  const ends = value.endsWith("\n");
  const lines = (ends ? value.slice(0, -1) : value).split("\n");
  return (ends ? "|" : "|-") + lines.map((line) => (line === "" ? "\n" : newline(level + 1) + line)).join("");
}
