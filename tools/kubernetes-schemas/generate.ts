import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The kinds to generate schemas for, by the names of their definitions below `io.k8s.api`. */
const KINDS = [
  "admissionregistration.v1.ValidatingAdmissionPolicy",
  "admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  "core.v1.Namespace",
  "core.v1.ResourceQuota",
  "core.v1.LimitRange",
  "core.v1.ServiceAccount",
  "core.v1.ConfigMap",
  "core.v1.Secret",
  "core.v1.PersistentVolumeClaim",
  "core.v1.Service",
  "core.v1.Pod",
  "apps.v1.Deployment",
  "apps.v1.StatefulSet",
  "apps.v1.DaemonSet",
  "batch.v1.Job",
  "batch.v1.CronJob",
  "autoscaling.v2.HorizontalPodAutoscaler",
  "policy.v1.PodDisruptionBudget",
  "networking.v1.NetworkPolicy",
  "networking.v1.Ingress",
  "rbac.v1.Role",
  "rbac.v1.RoleBinding",
  "rbac.v1.ClusterRole",
  "rbac.v1.ClusterRoleBinding",
  "scheduling.v1.PriorityClass",
  "storage.v1.StorageClass",
].map((kind) => `io.k8s.api.${kind}`);

/** Pattern of a quantity, as the API server parses it. A plain number is also a quantity. */
const QUANTITY = "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

interface OpenApiSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

type JsonSchema = Record<string, unknown>;
/** Allowed values by definition and property. */
type Enumerations = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

function main(): void {
  const { Dir: folder, Version: version } = moduleFolder();
  const openApi = JSON.parse(readFileSync(join(folder, "api/openapi-spec/swagger.json"), "utf8")) as {
    definitions: Record<string, OpenApiSchema>;
  };
  const enumerations = readEnumerations(
    readFileSync(join(folder, "pkg/generated/openapi/zz_generated.openapi.go"), "utf8"),
  );
  const kinds: Record<string, string> = {};
  const definitions: Record<string, JsonSchema> = {};
  for (const name of KINDS) {
    for (const { group, version: of, kind } of definition(openApi.definitions, name)[
      "x-kubernetes-group-version-kind"
    ] ?? []) {
      kinds[`${group ? `${group}/` : ""}${of}/${kind}`] = short(name);
    }
  }
  const pending = [...KINDS];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (definitions[short(name)]) {
      continue;
    }
    definitions[short(name)] = convertDefinition(
      name,
      definition(openApi.definitions, name),
      enumerations,
      pending,
    );
  }
  const output = {
    $comment:
      `Made by tools/kubernetes-schemas/generate.ts from the OpenAPI document of Kubernetes ${version} ` +
      "(Go module k8s.io/kubernetes, Copyright The Kubernetes Authors, Apache-2.0), shortened and made stricter. Do not edit.",
    version,
    kinds: sorted(kinds),
    definitions: sorted(definitions),
  };
  const path = resolve(
    __dirname,
    `../../offline/schemas/kubernetes-${version.replace(/^v(\d+\.\d+).*/, "$1")}.json`,
  );
  writeFileSync(path, `${oneLinePerEntry(output)}\n`);
  process.stdout.write(`${path}: ${Object.keys(definitions).length} definitions of Kubernetes ${version}\n`);
}

/** Downloads the pinned module if it is missing, and verifies it with go.sum. */
function moduleFolder(): { Dir: string; Version: string } {
  const answer = execFileSync("go", ["mod", "download", "-json", "k8s.io/kubernetes"], {
    cwd: __dirname,
    encoding: "utf8",
    env: { ...process.env, GOPROXY: proxies(), GOFLAGS: "-mod=mod" },
  });
  return JSON.parse(answer) as { Dir: string; Version: string };
}

/** This machine's module proxies without the `direct` fallback, so that the checksum database covers every download. */
function proxies(): string {
  const configured = execFileSync("go", ["env", "GOPROXY"], { encoding: "utf8" }).trim();
  return configured.replace(/[,|]direct$/, "");
}

function definition(definitions: Readonly<Record<string, OpenApiSchema>>, name: string): OpenApiSchema {
  const found = definitions[name];
  if (!found) {
    throw new Error(`${name} is not in this version of Kubernetes`);
  }
  return found;
}

function convertDefinition(
  name: string,
  schema: OpenApiSchema,
  enumerations: Enumerations,
  pending: string[],
): JsonSchema {
  if (name.endsWith(".resource.Quantity")) {
    return { type: ["string", "number"], pattern: QUANTITY };
  }
  if (name.endsWith(".intstr.IntOrString")) {
    return { type: ["integer", "string"] };
  }
  const converted = convert(schema, pending);
  const properties = converted.properties as Record<string, JsonSchema> | undefined;
  for (const [property, values] of enumerations.get(name) ?? []) {
    const target = properties?.[property];
    if (target) {
      Object.assign(target.type === "array" ? (target.items as JsonSchema) : target, { enum: values });
    }
  }
  return converted;
}

function convert(schema: OpenApiSchema, pending: string[]): JsonSchema {
  if (schema.$ref) {
    const name = schema.$ref.replace("#/definitions/", "");
    pending.push(name);
    return { $ref: `#/definitions/${short(name)}` };
  }
  if (schema.properties) {
    const properties = Object.entries(schema.properties).map(([key, value]) => [
      key,
      convert(value, pending),
    ]);
    return {
      type: "object",
      properties: sorted(Object.fromEntries(properties) as Record<string, JsonSchema>),
      ...(schema.required && { required: schema.required }),
      additionalProperties: false,
    };
  }
  switch (schema.type) {
    case "array":
      return {
        type: "array",
        ...(schema.items && { items: convert(schema.items, pending) }),
        ...(schema["x-kubernetes-list-type"] === "map" && { mapKeys: schema["x-kubernetes-list-map-keys"] }),
      };
    case "object":
      return {
        type: "object",
        ...(schema.additionalProperties && {
          additionalProperties: convert(schema.additionalProperties, pending),
        }),
      };
    case "integer":
      return schema.format === "int32"
        ? { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
        : { type: "integer" };
    case "string":
      return schema.format === "byte"
        ? { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$" }
        : { type: "string" };
    default:
      return schema.type ? { type: schema.type } : {};
  }
}

/** Shortens a definition's name: `io.k8s.api.core.v1.Pod` → `core.v1.Pod`. Still unique among the definitions used. */
function short(name: string): string {
  return name.replace(/^io\.k8s\.(api|apimachinery\.pkg\.(apis|api|util))\./, "");
}

/** Parses the `Enum:` lines of the generated Go source. A property's name has five leading tabs. */
function readEnumerations(source: string): Enumerations {
  const functions = new Map<string, string>();
  for (const [, type = "", name = ""] of source.matchAll(
    /^\t\t"(k8s\.io\/[^"]+)": +(schema_\w+)\(ref\),$/gm,
  )) {
    functions.set(name, type.replace(/^k8s\.io/, "io.k8s").replaceAll("/", "."));
  }
  const found = new Map<string, Map<string, readonly string[]>>();
  let current: string | undefined;
  let property: string | undefined;
  for (const line of source.split("\n")) {
    const start = /^func (schema_\w+)\(/.exec(line);
    if (start) {
      current = functions.get(start[1] ?? "");
      property = undefined;
      continue;
    }
    property = /^\t{5}"([^"]+)": \{$/.exec(line)?.[1] ?? property;
    const values = /^\t+Enum: +\[\]interface\{\}\{(.*)\},$/.exec(line)?.[1];
    if (values !== undefined && current && property) {
      const properties = found.get(current) ?? new Map<string, readonly string[]>();
      found.set(current, properties.set(property, JSON.parse(`[${values}]`) as string[]));
    }
  }
  return found;
}

function sorted<V>(record: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Formats JSON with one definition per line, so that a changed definition is one changed line. */
function oneLinePerEntry(output: Record<string, unknown>): string {
  const entries = Object.entries(output).map(([key, value]) => {
    if (typeof value !== "object" || value === null) {
      return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
    }
    const lines = Object.entries(value).map(
      ([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`,
    );
    return `${JSON.stringify(key)}:{\n${lines.join(",\n")}\n}`;
  });
  return `{\n${entries.join(",\n")}\n}`;
}

main();
