import { z } from "zod";
import type { SystemDefinition } from "../catalog/types";
import { settingsSchema } from "./schema";
import { SECRET_SETTINGS } from "./secret-settings";

/** Schema of an encrypted value in a stack file, as Pulumi writes it. */
const ENCRYPTED_VALUE = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** Returns the JSON Schema of `Pulumi.<stack>.yaml` for editors: completion, descriptions and validation. */
export function stackFileSchema(systems: Readonly<Record<string, SystemDefinition>>): object {
  const schema = z.toJSONSchema(settingsSchema(systems), { io: "input" }) as {
    properties: Record<string, object>;
  };
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([key, value]) => [`longshore:${key}`, encryptedOnly(key, value)]),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Pulumi.<stack>.yaml of Longshore",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties,
        // Keys of other providers (`gcp:…`) are not restricted; all `longshore:` keys are known.
        patternProperties: { "^(?!longshore:)[^:]+:": {} },
        additionalProperties: false,
      },
      encryptionsalt: { type: "string" },
      encryptedkey: { type: "string" },
      secretsprovider: { type: "string" },
    },
  };
}

/** Returns the schema of a setting whose secrets must be encrypted. */
function encryptedOnly(key: string, value: object): object {
  return SECRET_SETTINGS.filter(({ path: [top], mayBePlain }) => top === key && mayBePlain !== true).reduce(
    (schema, { path }) => encryptedAt(schema, path.slice(1)),
    value,
  );
}

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, object>>;
  readonly additionalProperties?: object;
}

function encryptedAt(schema: object, [key, ...rest]: readonly string[]): object {
  const { description, properties = {}, additionalProperties = {} } = schema as Schema;
  if (key === undefined) {
    return { ...(description !== undefined && { description }), ...ENCRYPTED_VALUE };
  }
  return key === "*"
    ? { ...schema, additionalProperties: encryptedAt(additionalProperties, rest) }
    : { ...schema, properties: { ...properties, [key]: encryptedAt(properties[key] ?? {}, rest) } };
}
