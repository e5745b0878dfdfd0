import type { Problem } from "../../base/problems";
import { nearest } from "../../base/nearest";
import { checkRules } from "./kubernetes-rules";
import document from "./kubernetes-1.33.json";

/**
 * Schemas of Kubernetes objects, from its OpenAPI document (`tools/kubernetes-schemas`). They are interpreted:
 * compiling them would take longer than checking all objects of a system.
 */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Schema of all keys that `properties` does not name; false forbids them. */
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Keys that identify the items of a list, as in the API server's merge. */
  readonly mapKeys?: readonly string[];
}

interface Schemas {
  readonly version: string;
  /** `apps/v1/Deployment` → name of its definition. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

const SCHEMAS = document as unknown as Schemas;
const REFERENCE = "#/definitions/";

/** Version of Kubernetes that the schemas describe, such as `v1.33.13`. */
export const KUBERNETES_VERSION: string = SCHEMAS.version;

export interface KubernetesCheckOptions {
  /**
   * Whether a value is unknown (an Output, or the engine's representation of one). Unknown values pass.
   * @default - every value is known
   */
  isLate?: (value: unknown) => boolean;
}

/** Whether there is a schema for this kind; custom resources have none. */
export function knowsKubernetesKind(apiVersion: string, kind: string): boolean {
  return Object.hasOwn(SCHEMAS.kinds, `${apiVersion}/${kind}`);
}

/**
 * Every reason for which an API server would reject an object: unknown and missing fields, wrong types, values
 * outside an enumeration, malformed quantities, names and labels, duplicates in lists that act as maps, a
 * selector that misses its own pods, mounts without a volume. A missing name is accepted, because Pulumi generates one.
 * Messages never show values of Secrets.
 */
export function checkKubernetesObject(object: unknown, options: KubernetesCheckOptions = {}): Problem[] {
  const { isLate = () => false } = options;
  if (!isRecord(object)) {
    return [{ path: "object", message: `expected a Kubernetes object, got ${typeName(object)}` }];
  }
  const { apiVersion, kind, metadata } = object;
  const name = isRecord(metadata) && typeof metadata.name === "string" ? metadata.name : "(no name)";
  const root = `${typeof kind === "string" ? kind : "object"}/${name}`;
  const definition = SCHEMAS.kinds[`${String(apiVersion)}/${String(kind)}`];
  if (typeof apiVersion !== "string" || typeof kind !== "string" || definition === undefined) {
    return [{ path: root, ...unknownKind(apiVersion, kind) }];
  }
  const walk: Walk = { problems: [], isLate, secret: kind === "Secret" };
  check(object, { $ref: REFERENCE + definition }, root, walk);
  return walk.problems.length > 0 ? walk.problems : checkRules(object, root, isLate);
}

interface Walk {
  readonly problems: Problem[];
  readonly isLate: (value: unknown) => boolean;
  /** Whether values must be hidden. */
  readonly secret: boolean;
}

function check(value: unknown, given: Schema, path: string, walk: Walk): void {
  if (walk.isLate(value)) {
    return;
  }
  const schema = resolveReference(given);
  if (schema.type !== undefined && !hasType(value, schema.type)) {
    const expected = typeof schema.type === "string" ? schema.type : schema.type.join(" or ");
    walk.problems.push({ path, message: `expected ${expected}, got ${shown(value, walk)}` });
    return;
  }
  if (typeof value === "string") {
    checkText(value, schema, path, walk);
  } else if (typeof value === "number") {
    checkNumber(value, schema, path, walk);
  } else if (Array.isArray(value)) {
    checkList(value, schema, path, walk);
  } else if (isRecord(value)) {
    checkFields(value, schema, path, walk);
  }
}

function checkFields(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: string,
  walk: Walk,
): void {
  const { properties = {}, required = [], additionalProperties } = schema;
  for (const key of required) {
    if (value[key] === undefined) {
      walk.problems.push({ path: `${path}.${key}`, message: "missing", fix: "this field is required" });
    }
  }
  for (const [key, entry] of Object.entries(value)) {
    const field = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (field) {
      if (entry !== undefined) {
        check(entry, field, `${path}.${key}`, walk);
      }
    } else if (field === false) {
      const known = nearest(key, Object.keys(properties));
      walk.problems.push({
        path: `${path}.${key}`,
        message: "unknown field",
        ...(known !== undefined && { fix: `did you mean ${known}?` }),
      });
    }
  }
}

function checkList(value: readonly unknown[], schema: Schema, path: string, walk: Walk): void {
  const { items, mapKeys } = schema;
  if (items) {
    value.forEach((item, index) => {
      check(item, items, `${path}[${index}]`, walk);
    });
  }
  if (!mapKeys) {
    return;
  }
  const defaults: Readonly<Record<string, unknown>> = mapKeys.includes("protocol") ? { protocol: "TCP" } : {};
  const seen = new Map<string, number>();
  value.forEach((item, index) => {
    const entries = mapKeys.map((key) => (isRecord(item) ? (item[key] ?? defaults[key]) : item));
    if (entries.some((entry) => entry === undefined || walk.isLate(entry))) {
      return;
    }
    const identity = JSON.stringify(entries);
    const first = seen.get(identity);
    if (first !== undefined) {
      const keys = mapKeys.join(" and ");
      walk.problems.push({ path: `${path}[${index}]`, message: `has the same ${keys} as ${path}[${first}]` });
    }
    seen.set(identity, index);
  });
}

function checkText(value: string, schema: Schema, path: string, walk: Walk): void {
  if (schema.enum && !schema.enum.includes(value)) {
    const known = nearest(value, schema.enum);
    walk.problems.push({
      path,
      message: `expected one of ${schema.enum.join(", ")}; got ${shown(value, walk)}`,
      ...(known !== undefined && { fix: `did you mean ${known}?` }),
    });
  }
  if (schema.pattern !== undefined && !pattern(schema.pattern).test(value)) {
    const expected = schema.pattern.includes("=") ? "base64" : 'a quantity such as "250m" or "64Mi"';
    walk.problems.push({ path, message: `expected ${expected}, got ${shown(value, walk)}` });
  }
}

function checkNumber(value: number, schema: Schema, path: string, walk: Walk): void {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  if (value < minimum || value > maximum) {
    walk.problems.push({ path, message: `expected a number from ${minimum} to ${maximum}, got ${value}` });
  }
}

function resolveReference(schema: Schema): Schema {
  return schema.$ref === undefined
    ? schema
    : (SCHEMAS.definitions[schema.$ref.slice(REFERENCE.length)] ?? {});
}

function hasType(value: unknown, type: string | readonly string[]): boolean {
  if (typeof type !== "string") {
    return type.some((one) => hasType(value, one));
  }
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    default:
      return typeof value === type;
  }
}

const PATTERNS = new Map<string, RegExp>();

function pattern(source: string): RegExp {
  const known = PATTERNS.get(source) ?? new RegExp(source);
  PATTERNS.set(source, known);
  return known;
}

function unknownKind(apiVersion: unknown, kind: unknown): { message: string; fix?: string } {
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    return { message: "expected the texts apiVersion and kind" };
  }
  const known = Object.keys(SCHEMAS.kinds);
  const sameKind = known.find((entry) => entry.endsWith(`/${kind}`));
  const close = sameKind ?? nearest(`${apiVersion}/${kind}`, known);
  return {
    message: `Longshore has no schema for ${apiVersion} ${kind} of Kubernetes ${KUBERNETES_VERSION}`,
    ...(close !== undefined && { fix: `did you mean ${close.replace(/\/(?=[^/]*$)/, " ")}?` }),
  };
}

function shown(value: unknown, walk: Walk): string {
  if (walk.secret || value === null || typeof value === "object") {
    return typeName(value);
  }
  return JSON.stringify(value);
}

function typeName(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
