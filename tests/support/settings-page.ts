const INTRO = `# Setting keys

Every \`longshore:\` key of \`Pulumi.<stack>.yaml\`. Generated from \`settings/schema.ts\` by \`npm run golden:update\`;
[Settings](settings.md) explains the most important ones with examples.

`;

/** The fields of a JSON schema that the page shows. */
interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

/** Renders the page of all settings as Markdown: those of a stack, then those of each system. */
export function settingsPage(stackFile: object, systems: readonly string[]): string {
  const { config } = (stackFile as { properties: { config: Schema } }).properties;
  const keys = Object.entries(config.properties ?? {}).map(
    ([key, schema]) => [key.replace("longshore:", ""), schema] as const,
  );
  const table = (entries: readonly (readonly [string, Schema])[]) =>
    [
      "| key | value | meaning |",
      "| --- | --- | --- |",
      ...entries.flatMap(([key, schema]) => rows(key, schema)),
    ].join("\n");
  const shared = table(keys.filter(([key]) => !systems.includes(key)));
  const perSystem = keys
    .filter(([key]) => systems.includes(key))
    .map(([key, schema]) => `## ${key}\n\n${table([[key, schema]])}`);
  return [`${INTRO}## All systems\n\n${shared}`, ...perSystem].join("\n\n");
}

/** One row per key that takes a value. The description of an object precedes its keys. */
function rows(path: string, schema: Schema): string[] {
  const children = [
    ...Object.entries(schema.properties ?? {}).map(([key, child]) => [`${path}.${key}`, child] as const),
    ...(typeof schema.additionalProperties === "object"
      ? [[`${path}.NAME`, schema.additionalProperties] as const]
      : []),
  ].filter(([key]) => !key.endsWith(".secure"));
  const own = row(path, schema);
  if (children.length === 0) {
    return isEmptyObject(schema) ? [] : [own];
  }
  return [
    ...(schema.description === undefined ? [] : [own]),
    ...children.flatMap(([key, child]) => rows(key, child)),
  ];
}

/** Whether the schema is an object without keys, such as the settings of a system that declares none. */
const isEmptyObject = ({ type, properties }: Schema) =>
  type === "object" && properties !== undefined && Object.keys(properties).length === 0;

function row(path: string, schema: Schema): string {
  const fallback = schema.default;
  const hasDefault = fallback !== undefined && typeof fallback !== "object";
  const meaning = [
    schema.description,
    ...(hasDefault ? [`Default: \`${JSON.stringify(fallback)}\`.`] : []),
  ].filter((part) => part !== undefined);
  return `| \`${path}\` | ${cell(valueOf(schema))} | ${cell(meaning.join(" "))} |`;
}

function valueOf(schema: Schema): string {
  if (schema.properties !== undefined && "secure" in schema.properties) {
    return "encrypted text";
  }
  const values = schema.enum ?? ("const" in schema ? [schema.const] : undefined);
  if (values !== undefined) {
    return values.map((value) => `\`${String(value)}\``).join(", ");
  }
  if (schema.anyOf !== undefined) {
    return [...new Set(schema.anyOf.map(valueOf))].join(" or ");
  }
  if (schema.type === "array") {
    return `list of ${schema.items === undefined ? "values" : valueOf(schema.items)}`;
  }
  return { string: "text", integer: "whole number" }[schema.type ?? ""] ?? schema.type ?? "text";
}

const cell = (text: string) => text.replaceAll("|", "\\|").replace(/\s+/g, " ");
