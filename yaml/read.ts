import { FAILSAFE_SCHEMA, load, Type, YAMLException } from "js-yaml";

/** A value that cannot be read exactly. */
export interface YamlProblem {
  /** Keys and indexes, joined by dots. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** Reports all values of a document that parsers interpret differently or that a number cannot represent. */
export class InexactYamlError extends Error {
  constructor(readonly problems: readonly YamlProblem[]) {
    super(problems.map(({ path, message, fix }) => `${path}: ${message}; fix: ${fix}`).join("\n"));
  }
}

/**
 * Parses a document exactly as go-yaml v3 does, the parser of the Pulumi CLI and Docker Compose, or rejects it. A plain
 * scalar is a number only in JSON's notation and within the range of exact numbers; `010`, `1_000`, `0x1F`, `1e3`, `.5`
 * and dates are rejected. Explicit tags other than `!!str`, `!!seq` and `!!map` are rejected, and so are duplicate
 * keys.
 *
 * @throws InexactYamlError with every value that is not exact
 * @throws YAMLException for a document that is not valid YAML
 */
export function parseYaml(text: string): unknown {
  const value = load(text, { schema: SCHEMA }) ?? null;
  const problems: YamlProblem[] = [];
  const exact = settled(value, [], problems, new Map());
  if (problems.length > 0) {
    throw new InexactYamlError(problems);
  }
  return exact;
}

/** Returns the reason why a text is not valid YAML, in one line. */
export function yamlErrorText(error: unknown): string {
  return error instanceof YAMLException
    ? `${error.reason}, line ${(error.mark.line + 1).toString()}`
    : String(error);
}

/** A plain scalar that is not text. js-yaml converts keys to text; this class makes non-text keys recognizable. */
class Scalar {
  constructor(readonly raw: string) {}

  get [Symbol.toStringTag](): string {
    return "Scalar";
  }

  toString(): string {
    return `${MARK}${this.raw}`;
  }
}

/** Prefix of non-text keys. No YAML document can contain NUL. */
const MARK = "\u0000";

const SCHEMA = FAILSAFE_SCHEMA.extend({
  implicit: [
    new Type("tag:yaml.org,2002:merge", { kind: "scalar", resolve: (raw) => raw === "<<" }),
    new Type("tag:longshore.dev,2026:scalar", {
      kind: "scalar",
      resolve: (raw: string | null) => raw === null || isTyped(raw),
      construct: (raw: string | null) => (raw === null ? null : new Scalar(raw)),
    }),
  ],
});

const NULL = /^(?:~|null|Null|NULL|)$/;
const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/;
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const DECIMAL = /^-?(?:0|[1-9][0-9]*)\.[0-9]+$/;
/** Number of decimal digits that every 64-bit floating-point number preserves. */
const DIGITS = 15;

/**
 * Matches scalars that go-yaml v3 or YAML 1.2 resolves to a type other than text. go-yaml removes underscores first.
 */
const TYPED = [
  /^[-+]?(?:0[bB][01]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|[0-9]+)$/,
  /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/,
  /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$/,
];

function isTyped(raw: string): boolean {
  const text = /^[-+.0-9]/.test(raw) ? raw.replaceAll("_", "") : raw;
  return NULL.test(raw) || BOOLEAN.test(raw) || TYPED.some((form) => form.test(text));
}

/** Returns the value of a plain scalar, or undefined when it is not exact. */
function valueOf(raw: string): null | boolean | number | undefined {
  if (NULL.test(raw)) {
    return null;
  }
  if (BOOLEAN.test(raw)) {
    return raw.toLowerCase() === "true";
  }
  const number = Number(raw);
  const isExact = INTEGER.test(raw)
    ? Number.isSafeInteger(number)
    : DECIMAL.test(raw) &&
      !Object.is(number, -0) &&
      raw.replace(/[-.]/g, "").replace(/^0+/, "").length <= DIGITS;
  return isExact ? number : undefined;
}

/** Whether parsers convert a key to the same text, as they do for integers and booleans. */
function isExactKey(raw: string): boolean {
  return /^(?:true|false)$/.test(raw) || (INTEGER.test(raw) && Number.isSafeInteger(Number(raw)));
}

/** Returns the value without marks. The anchor of an alias has already been processed. */
function settled(
  value: unknown,
  path: readonly string[],
  problems: YamlProblem[],
  seen: Map<object, unknown>,
): unknown {
  if (value instanceof Scalar) {
    const exact = valueOf(value.raw);
    if (exact === undefined) {
      problems.push(problemOf(path.join("."), value.raw));
    }
    return exact;
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (seen.has(value)) {
    return seen.get(value);
  }
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    list.push(...value.map((item, index) => settled(item, [...path, String(index)], problems, seen)));
    return list;
  }
  const record: Record<string, unknown> = {};
  seen.set(value, record);
  for (const [marked, item] of Object.entries(value)) {
    const isMarked = marked.startsWith(MARK);
    const key = isMarked ? marked.slice(MARK.length) : marked;
    const place = [...path, key];
    if (isMarked && !isExactKey(key)) {
      problems.push({ ...problemOf(place.join("."), key), fix: `write "${key}":` });
    }
    if (Object.hasOwn(record, key)) {
      problems.push({ path: place.join("."), message: "duplicate key", fix: "remove one of them" });
    }
    // `__proto__` is a normal key.
    Object.defineProperty(record, key, {
      value: settled(item, place, problems, seen),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return record;
}

function problemOf(path: string, raw: string): YamlProblem {
  if (INTEGER.test(raw)) {
    return {
      path,
      message: `${raw} is beyond ±${Number.MAX_SAFE_INTEGER}, up to which a number is exact`,
      fix: `make it text: "${raw}", where text is expected`,
    };
  }
  return {
    path,
    message: `${raw} is read as another value by some YAML parsers`,
    fix: `write "${raw}" for text, or a number in decimal digits such as 8 or 0.5`,
  };
}
