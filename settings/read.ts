import { z } from "zod";
import { rulesOf } from "../catalog/plan/datastores";
import { nearest } from "../catalog/check/nearest";
import { throwProblems, type Problem } from "../catalog/problems";
import { ENVIRONMENTS, type Environment, type SystemDefinition } from "../catalog/types";
import { settingsSchema } from "./schema";
import type { StackSettings, SystemSettings } from "./types";

/** Port on 127.0.0.1 of the first system; the next one has the next port. */
const FIRST_PORT = 8080;

export interface RawSettings {
  /** Name of the stack. */
  stack: string;
  /** Values below `longshore:`, without that prefix. Secrets may be stand-ins: their text is not looked at. */
  values: Readonly<Record<string, unknown>>;
  /** Shown in messages. @default "Pulumi.<stack>.yaml" */
  source?: string;
}

/**
 * Reads a stack's settings and fills in every default.
 * @throws ProblemsError with every mistake: path, what was expected, what was found, and the nearest known key.
 */
export function readSettings(
  { stack, values, source = `Pulumi.${stack}.yaml` }: RawSettings,
  systems: Readonly<Record<string, SystemDefinition>>,
): StackSettings {
  const parsed = settingsSchema(systems).safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, values, systems));
    throwProblems(source, problems);
  }
  // A failure has been thrown above; zod's type does not know that.
  const config = parsed.data as z.output<ReturnType<typeof settingsSchema>>;
  const environment = config.environment ?? environmentOf(stack);
  const target = config.target ?? (environment === "local" ? "compose" : "gcp");
  const names = Object.keys(systems);
  const selected = [...(config.systems ?? names)].sort();

  throwProblems(source, [
    ...unknownSecrets(config.secrets, systems),
    ...(target === "gcp" && config.gcp === undefined ? [MISSING_PROJECT(stack)] : []),
    ...(target !== "compose" && config.domain === undefined ? [MISSING_DOMAIN(stack)] : []),
  ]);

  return {
    stack,
    environment,
    target,
    systems: selected,
    lifecycle: config.lifecycle ?? (["staging", "prod"].includes(environment) ? "retain" : "ephemeral"),
    cluster: config.cluster,
    ports: Object.fromEntries(names.map((name, index) => [name, config.ports[name] ?? FIRST_PORT + index])),
    secretsSet: Object.fromEntries(
      names.map((name) => [name, Object.keys(config.secrets[name] ?? {}).sort()]),
    ),
    perSystem: Object.fromEntries(
      names.map((name) => [
        name,
        (config as Record<string, unknown>)[name] ?? { settings: {}, datastores: {}, services: {} },
      ]),
    ) as Record<string, SystemSettings>,
    ...(config.domain !== undefined && { domain: config.domain }),
    ...(config.gcp && { gcp: config.gcp }),
  };
}

function environmentOf(stack: string): Environment {
  return ENVIRONMENTS.find((environment) => environment === stack) ?? "dev";
}

const MISSING_PROJECT = (stack: string): Problem => ({
  path: "gcp.project",
  message: "not set, and the target is gcp",
  fix: `run: pulumi config set --stack ${stack} --path longshore:gcp.project PROJECT`,
});

const MISSING_DOMAIN = (stack: string): Problem => ({
  path: "domain",
  message: "not set, and systems on a cluster are served under a host name",
  fix: `run: pulumi config set --stack ${stack} longshore:domain DOMAIN`,
});

function unknownSecrets(
  secrets: Record<string, Record<string, string>>,
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  return Object.entries(secrets).flatMap(([system, values]) => {
    const definition = systems[system];
    if (!definition) {
      return [unknownKey(`secrets.${system}`, system, Object.keys(systems))];
    }
    const known = [...definition.secrets.map(({ name }) => name), ...databaseSecrets(definition)];
    return Object.keys(values)
      .filter((name) => !known.includes(name))
      .map((name) => unknownKey(`secrets.${system}.${name}`, name, known));
  });
}

/** Secrets that a database brings without being declared. */
function databaseSecrets(definition: SystemDefinition): string[] {
  return definition.datastores.flatMap((datastore) => rulesOf(datastore.kind).names(datastore).secrets);
}

function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  const close = nearest(key, known);
  return {
    path,
    message: "unknown key",
    fix: close ? `did you mean ${close}?` : `known here: ${known.join(", ") || "none"}`,
  };
}

/** A zod issue in our words. A secret's value is never part of the message. */
function problemsOf(
  issue: z.core.$ZodIssue,
  values: unknown,
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.path, systems);
    return issue.keys.map((key) => unknownKey([path, key].filter(Boolean).join("."), key, known));
  }
  if (issue.code === "invalid_key" || issue.path[0] === "secrets") {
    return [{ path, message: issue.path[0] === "secrets" ? "expected text" : issue.message }];
  }
  const value = issue.path.reduce<unknown>(at, values);
  const found = value === undefined ? "nothing" : JSON.stringify(value);
  const message = issue.message
    .replace(/^Invalid (option|input): /, "")
    .replace(/, received .*$/, "")
    .replace(/^Too (small|big): /, "");
  return [{ path, message: `${message}, got ${found}` }];
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

/** Keys that the schema allows at a path. */
function knownKeys(
  path: readonly PropertyKey[],
  systems: Readonly<Record<string, SystemDefinition>>,
): string[] {
  let schema: unknown = settingsSchema(systems);
  for (const key of path) {
    schema = at(unwrap(schema).shape, key);
  }
  return Object.keys((unwrap(schema).shape as object | undefined) ?? {});
}

/** The object schema inside of `optional()` and `default()`. */
function unwrap(schema: unknown): { shape?: unknown } {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) {
    inner = inner.unwrap();
  }
  return inner ?? {};
}
