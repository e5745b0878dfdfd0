import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { closest } from "fastest-levenshtein";
import type { Failure, Subject } from "./planner";
import { isObject, isUnknown, type Json, type Properties } from "./values";

/**
 * Resource types of a package, according to its typed SDK. Read from the installed package's declarations when a
 * type is first used: always consistent with the SDK that the program compiles against, complete, and free for
 * unused types.
 */
export interface Sdk {
  readonly version: string;
  /** The type's definition; `undefined` when the package has none. */
  resource(type: string): ResourceSchema | undefined;
}

export interface ResourceSchema {
  readonly inputs: ObjectSchema;
  /** Computed by the service; never an input. */
  readonly outputs: readonly string[];
  readonly secrets: readonly string[];
}

export type ObjectSchema = ReadonlyMap<string, PropertySchema>;

export interface PropertySchema {
  readonly required: boolean;
  readonly type: TypeSchema;
}

export type TypeSchema =
  | { readonly kind: "string"; readonly oneOf?: readonly string[] }
  | { readonly kind: "number" | "boolean" | "any" }
  | { readonly kind: "list" | "map"; readonly of: TypeSchema }
  | { readonly kind: "object"; readonly schema: () => ObjectSchema };

const loaded = new Map<string, Sdk>();

/** The SDK package as installed, such as `@pulumi/gcp`. */
export function sdk(packageName: string): Sdk {
  let found = loaded.get(packageName);
  if (!found) {
    found = new DeclarationReader(path.dirname(require.resolve(`${packageName}/package.json`)));
    loaded.set(packageName, found);
  }
  return found;
}

/** Finds unknown types, unknown and missing properties, wrong types, and disallowed values. */
export function checkAgainstSdk(of: Sdk, { type, inputs }: Subject): Failure[] {
  const schema = of.resource(type);
  if (!schema) {
    return [{ property: "", reason: `${type} does not exist in version ${of.version} of the SDK` }];
  }
  return checkObject(schema.inputs, inputs, "");
}

function checkObject(schema: ObjectSchema, value: Properties, at: string): Failure[] {
  const place = (name: string): string => (at ? `${at}.${name}` : name);
  const missing = [...schema]
    .filter(([name, property]) => property.required && (value[name] === undefined || value[name] === null))
    .map(([name]) => ({ property: place(name), reason: "required, but not set" }));
  const wrong = Object.entries(value)
    .filter(([name, item]) => !name.startsWith("__") && item !== null)
    .flatMap(([name, item]) => {
      const property = schema.get(name);
      return property
        ? checkValue(property.type, item, place(name))
        : [unknownName(schema, name, place(name))];
    });
  return [...missing, ...wrong];
}

function unknownName(schema: ObjectSchema, name: string, property: string): Failure {
  const names = [...schema.keys()];
  const hint = names.length > 0 ? `; did you mean ${closest(name, names)}?` : "";
  return { property, reason: `no such property${hint}` };
}

function checkValue(type: TypeSchema, value: Json, at: string): Failure[] {
  if (isUnknown(value)) {
    return [];
  }
  const expected = (what: string): Failure[] => [
    { property: at, reason: `expected ${what}, got ${kindOf(value)}` },
  ];
  switch (type.kind) {
    case "any":
      return [];
    case "number":
      // Strings of digits are converted by the bridge to Terraform.
      return typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value))
        ? []
        : expected("a number");
    case "boolean":
      return typeof value === "boolean" || value === "true" || value === "false"
        ? []
        : expected("true or false");
    case "string":
      if (typeof value !== "string") {
        return typeof value === "object" ? expected("text") : [];
      }
      return type.oneOf && !type.oneOf.includes(value)
        ? [{ property: at, reason: `expected one of ${type.oneOf.join(", ")}` }]
        : [];
    case "list":
      return Array.isArray(value)
        ? value.flatMap((item, index) => checkValue(type.of, item, `${at}[${index}]`))
        : expected("a list");
    case "map":
      return isObject(value)
        ? Object.entries(value).flatMap(([key, item]) => checkValue(type.of, item, `${at}["${key}"]`))
        : expected("a map");
    case "object":
      return isObject(value) ? checkObject(type.schema(), value, at) : expected("an object");
  }
}

function kindOf(value: Json): string {
  return value === null ? "nothing" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Reads the declarations that Pulumi generates for its SDKs. */
class DeclarationReader implements Sdk {
  readonly version: string;
  private readonly resources = new Map<string, ResourceSchema | undefined>();
  private readonly objects = new Map<string, ObjectSchema>();
  private inputTypes: string | undefined;

  constructor(private readonly folder: string) {
    this.version = (
      JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string }
    ).version;
  }

  resource(type: string): ResourceSchema | undefined {
    if (!this.resources.has(type)) {
      this.resources.set(type, this.readResource(type));
    }
    return this.resources.get(type);
  }

  private readResource(type: string): ResourceSchema | undefined {
    const match = /^[\w-]+:([\w/]+):(\w+)$/.exec(type);
    if (!match) {
      return undefined;
    }
    const [, module, name] = match as unknown as [string, string, string];
    const base = this.locate(module === "index" ? name : module.replace(/^index\//, ""));
    if (base === undefined) {
      return undefined;
    }
    const declaration = interfaceBody(
      readFileSync(`${base}.d.ts`, "utf8"),
      `export interface ${name}Args {`,
      "}",
    );
    if (declaration === undefined) {
      return undefined;
    }
    const code = readFileSync(`${base}.js`, "utf8");
    const inputs = this.parseObject(declaration);
    const computed = allMatches(code, /resourceInputs\["(\w+)"\] = undefined \/\*out\*\//g);
    const secrets = /additionalSecretOutputs: (\[[^\]]*\])/.exec(code)?.[1] ?? "[]";
    return {
      inputs,
      outputs: [...new Set(computed)].filter((output) => !inputs.has(output)),
      secrets: JSON.parse(secrets) as string[],
    };
  }

  /** Tokens and file names differ in case: `projects/iAMMember` is in `projects/iammember.d.ts`. */
  private locate(module: string): string | undefined {
    const folder = path.join(this.folder, path.dirname(module));
    const wanted = `${path.basename(module)}.d.ts`.toLowerCase();
    const file = existsSync(folder)
      ? readdirSync(folder).find((name) => name.toLowerCase() === wanted)
      : undefined;
    return file && path.join(folder, file.slice(0, -".d.ts".length));
  }

  private parseObject(body: string): ObjectSchema {
    const properties = new Map<string, PropertySchema>();
    let comment = "";
    for (const statement of statements(body)) {
      if (statement.startsWith("/**")) {
        comment = statement;
        continue;
      }
      const match = /^(?:readonly )?(\w+)(\?)?:([\s\S]*);$/.exec(statement);
      if (match) {
        const [, name, optional, type] = match as unknown as [string, string, string | undefined, string];
        properties.set(name, {
          required: optional === undefined,
          type: this.parseType(type.trim(), comment),
        });
      }
      comment = "";
    }
    return properties;
  }

  private parseType(expression: string, comment: string): TypeSchema {
    const options = alternatives(expression).filter((one) => one !== "undefined");
    const [option = "any", ...others] = options;
    if (others.length > 0) {
      const texts = options.every((one) => one === "string" || one.startsWith("enums."));
      return { kind: texts ? "string" : "any" };
    }
    if (option.endsWith("[]")) {
      return { kind: "list", of: this.parseType(option.slice(0, -2), "") };
    }
    if (option.startsWith("pulumi.Input<")) {
      return this.parseType(option.slice("pulumi.Input<".length, -1), comment);
    }
    const valueType = /^\{\s*\[key: string\]: ([\s\S]*);\s*\}$/.exec(option)?.[1];
    if (valueType !== undefined) {
      return { kind: "map", of: this.parseType(valueType, "") };
    }
    if (option.startsWith("inputs.")) {
      return { kind: "object", schema: () => this.object(option.slice("inputs.".length)) };
    }
    switch (option) {
      case "string": {
        const oneOf = possibleValues(comment);
        return oneOf ? { kind: "string", oneOf } : { kind: "string" };
      }
      case "number":
      case "boolean":
        return { kind: option };
      default:
        return option.startsWith("enums.") ? { kind: "string" } : { kind: "any" };
    }
  }

  /** `sql.DatabaseInstanceSettings` */
  private object(name: string): ObjectSchema {
    let found = this.objects.get(name);
    if (!found) {
      this.inputTypes ??= readFileSync(path.join(this.folder, "types/input.d.ts"), "utf8");
      const dot = name.lastIndexOf(".");
      const [namespace, last] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
      const body = namespace
        ? interfaceBody(
            interfaceBody(this.inputTypes, `export declare namespace ${namespace} {`, "}") ?? "",
            `    interface ${last} {`,
            "    }",
          )
        : interfaceBody(this.inputTypes, `export interface ${last} {`, "}");
      found = this.parseObject(body ?? "");
      this.objects.set(name, found);
    }
    return found;
  }
}

/** The text between a line that opens a block and the line that closes it at the same depth. */
function interfaceBody(text: string, opening: string, closing: string): string | undefined {
  const start = text.startsWith(opening) ? 0 : text.indexOf(`\n${opening}`) + 1;
  if (start === 0 && !text.startsWith(opening)) {
    return undefined;
  }
  const from = start + opening.length;
  const end = text.indexOf(`\n${closing}`, from);
  return text.slice(from, end < 0 ? undefined : end + 1);
}

/** Comments and members, in order; a member may span lines. */
function statements(body: string): string[] {
  const found: string[] = [];
  let current: string[] = [];
  for (const line of body.split("\n").map((raw) => raw.trim())) {
    if (line === "" && current.length === 0) {
      continue;
    }
    current.push(line);
    const joined = current.join(" ");
    const open = joined.startsWith("/**") ? !joined.endsWith("*/") : !line.endsWith(";") || depth(joined) > 0;
    if (!open) {
      found.push(joined);
      current = [];
    }
  }
  return found;
}

function depth(text: string): number {
  return text.split("{").length - text.split("}").length;
}

/** Splits `A | B` outside of brackets. */
function alternatives(expression: string): string[] {
  const found: string[] = [];
  let level = 0;
  let from = 0;
  for (let index = 0; index < expression.length; index++) {
    const character = expression.charAt(index);
    if ("<{[(".includes(character)) {
      level++;
    } else if (">}])".includes(character)) {
      level--;
    } else if (character === "|" && level === 0) {
      found.push(expression.slice(from, index).trim());
      from = index + 1;
    }
  }
  found.push(expression.slice(from).trim());
  return found;
}

/** The sentence in which the generator lists allowed values. */
function possibleValues(comment: string): string[] | undefined {
  const sentence = /Possible values are: ((?:`[^`]*`(?:, )?)+)\./.exec(
    comment.replaceAll(/\s\*\s/g, " "),
  )?.[1];
  return sentence === undefined ? undefined : allMatches(sentence, /`([^`]*)`/g);
}

/** The first group of every match. */
function allMatches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, group]) => (group === undefined ? [] : [group]));
}
