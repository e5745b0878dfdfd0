import document from "../schemas/google.json";
import type { Failure } from "../planner";
import { isObject, isUnknown, type Json, type Properties } from "../values";
import { API_OF, type ApiType } from "./discovery-names";

/** A schema of a discovery document, without descriptions. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

type Documents = Readonly<Record<string, { readonly schemas: Readonly<Record<string, Schema>> }>>;

/** Google's discovery documents, as extracted by tools/google-schemas. */
const DOCUMENTS = document as unknown as Documents;

function schemasOf(name: string): Readonly<Record<string, Schema>> {
  const found = DOCUMENTS[name];
  if (!found) {
    throw new Error(`internal: no discovery document ${name}`);
  }
  return found.schemas;
}

/** Problems of inputs with the API that receives them. */
export interface Findings {
  /** Values outside of an enumeration, a pattern or a range. */
  readonly values: readonly Failure[];
  /** Fields that the API does not have under the provider's name or its alias. */
  readonly unknownFields: readonly string[];
}

/**
 * Compares a resource's inputs with the schema of Google's API. The Terraform provider, on which the Pulumi provider is
 * built, renames some fields; `discovery-names.ts` lists them. Returns undefined for a type without a schema.
 */
export function compareWithApi(type: string, inputs: Properties): Findings | undefined {
  const api = API_OF[type];
  if (!api) {
    return undefined;
  }
  const walk = new Walk(api);
  const schema = schemasOf(api.document)[api.schema];
  walk.object(schema ?? {}, inputs, "", "");
  return walk.findings;
}

class Walk {
  readonly findings: { values: Failure[]; unknownFields: string[] } = { values: [], unknownFields: [] };

  constructor(private readonly api: ApiType) {}

  /** @param at path for messages, with indexes; `key`: the path without them, by which fields are renamed */
  object(schema: Schema, value: Properties, at: string, key: string): void {
    const { properties, additionalProperties } = this.resolved(schema);
    for (const [name, item] of Object.entries(value)) {
      const [here, place] = [key ? `${key}.${name}` : name, at ? `${at}.${name}` : name];
      const alias = this.api.names?.[here];
      if (alias === null || name.startsWith("__")) {
        continue;
      }
      const found = (alias ?? name)
        .split(".")
        .reduce<Schema | undefined>((from, step) => from && (this.resolved(from).properties ?? {})[step], {
          properties: properties ?? {},
        });
      if (found ?? additionalProperties) {
        this.value(found ?? additionalProperties ?? {}, item, place, here);
      } else {
        this.findings.unknownFields.push(place);
      }
    }
  }

  private value(given: Schema, value: Json, at: string, key: string): void {
    const schema = this.resolved(given);
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        this.value(schema.items ?? schema.additionalProperties ?? schema, item, `${at}[${index}]`, key);
      });
    } else if (isObject(value)) {
      // The provider flattens lists of at most one object.
      this.object(schema.items ?? schema, value, at, key);
    } else if (value !== null && !isUnknown(value)) {
      const reason = this.refused(schema, value);
      if (reason !== undefined) {
        this.findings.values.push({ property: at, reason });
      }
    }
  }

  private refused(schema: Schema, value: string | number | boolean): string | undefined {
    const text = String(value);
    if (schema.enum && !schema.enum.includes(text)) {
      return `expected one of ${schema.enum.join(", ")}, got "${text}"`;
    }
    if (schema.pattern !== undefined && !new RegExp(`^(?:${schema.pattern})$`).test(text)) {
      return `expected text that matches ${schema.pattern}, got "${text}"`;
    }
    const { minimum = "-Infinity", maximum = "Infinity" } = schema;
    const isNumber = typeof value === "number";
    return isNumber && (value < Number(minimum) || value > Number(maximum))
      ? `expected ${minimum} to ${maximum}, got ${text}`
      : undefined;
  }

  private resolved(schema: Schema): Schema {
    return schema.$ref === undefined ? schema : (schemasOf(this.api.document)[schema.$ref] ?? {});
  }
}
