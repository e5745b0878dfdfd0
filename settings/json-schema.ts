import { z } from "zod";
import type { SystemDefinition } from "../catalog/types";
import { settingsSchema } from "./schema";

/** How Pulumi writes an encrypted value into a stack file. */
const ENCRYPTED_VALUE = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** JSON Schema of `Pulumi.<stack>.yaml` for editors: completion, descriptions and mistakes while typing. */
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
        // Other providers' keys (`gcp:…`) are theirs; ours are all known.
        patternProperties: { "^(?!longshore:)[^:]+:": {} },
        additionalProperties: false,
      },
      encryptionsalt: { type: "string" },
      encryptedkey: { type: "string" },
      secretsprovider: { type: "string" },
    },
  };
}

/** What holds secrets may hold them encrypted only. */
function encryptedOnly(key: string, value: object): object {
  switch (key) {
    case "secrets":
      return secretsSchema(value);
    case "registryLogin":
      return loginSchema(value);
    case "alertWebhook":
      return { ...("description" in value && { description: value.description }), ...ENCRYPTED_VALUE };
    default:
      return value;
  }
}

function secretsSchema(value: object): object {
  const values = { type: "object", additionalProperties: ENCRYPTED_VALUE };
  return { ...value, additionalProperties: values };
}

function loginSchema(value: object): object {
  const { properties } = value as {
    readonly properties: { readonly password: { readonly description?: string } };
  };
  const { description } = properties.password;
  return { ...value, properties: { ...properties, password: { description, ...ENCRYPTED_VALUE } } };
}
