import { z } from "zod";
import { MONITORING } from "../catalog/plan/monitoring";
import { profilesOf } from "../catalog/plan/presence";
import type { Target } from "../catalog/plan/types";
import { nearest } from "../base/nearest";
import { throwProblems, type Problem } from "../base/problems";
import { ENVIRONMENTS, type Environment, type SystemDefinition } from "../catalog/types";
import { parseValueName } from "../catalog/generations";
import { bindOf, bindProblems } from "./bind";
import { BACKED_UP, missingLocation, multiRegionOf, nodePlatforms } from "./google";
import { generationsOf, knownSecrets } from "./generations";
import { withoutUnknownSystems } from "./left-over";
import { machineStack } from "./machine-stacks";
import { offersDevices } from "./plan";
import { checkPools } from "./pools";
import { loginProblems } from "./registry-login";
import { settingsSchema } from "./schema";
import { configPath, encryptionProblems, holdsSecrets } from "./secret-settings";
import type { StackSettings, SystemSettings } from "./types";

/** Port on 127.0.0.1 of the first system of a stack with a file in the checkout. */
const FIRST_PORT = 8080;

export interface RawSettings {
  /** Name of the stack. */
  stack: string;
  /**
   * Values below `longshore:`, without that prefix. Secrets may be placeholders, because their text is not validated.
   */
  values: Readonly<Record<string, unknown>>;
  /** Shown in messages. @default "Pulumi.<stack>.yaml" */
  source?: string;
  /** Whether encrypted values are ENCRYPTED, so that plain-text secrets can be detected. @default false */
  showsEncryption?: boolean;
}

/**
 * Validates a stack's settings and fills in the defaults.
 * @throws ProblemsError with every problem: path, expected and actual value, and the most similar known key
 */
export function readSettings(
  { stack, values, source = `Pulumi.${stack}.yaml`, showsEncryption = false }: RawSettings,
  systems: Readonly<Record<string, SystemDefinition>>,
): StackSettings {
  const misplaced = showsEncryption ? encryptionProblems(values, stack) : [];
  const parsed = settingsSchema(systems).safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, values, systems));
    // A value that is wrongly encrypted often has a wrong type as well.
    const others = problems.filter(({ path }) => !misplaced.some((one) => one.path === path));
    throwProblems(source, [...misplaced, ...explainUnknownSystems(others, { stack, values }, systems)]);
  }
  // The failure case has thrown above, which zod's type does not express.
  const config = parsed.data as z.output<ReturnType<typeof settingsSchema>>;
  const own = machineStack(stack);
  const environment = config.environment ?? own?.environment ?? environmentOf(stack);
  const target = config.target ?? (own || environment === "local" ? "compose" : "gcp");
  const names = Object.keys(systems);
  const monitoring = readMonitoring(config, environment, systems);
  const fitting = names.filter((name) => name !== MONITORING && fits(systems[name], target));
  const selected = [
    ...(config.systems?.filter((name) => name !== MONITORING) ?? fitting),
    ...(monitoring.monitored && fits(systems[MONITORING], target) ? [MONITORING] : []),
  ].sort();
  const ports = Object.fromEntries(
    names.map((name, index) => [name, config.ports[name] ?? (own?.firstPort ?? FIRST_PORT) + index]),
  );

  throwProblems(source, [
    ...misplaced,
    ...explainUnknownSystems(unknownSecrets(config.secrets, stack, systems), { stack, values }, systems),
    ...unknownGenerations(config.generations, stack, systems),
    ...(target === "gcp" && config.gcp === undefined ? [MISSING_PROJECT(stack)] : []),
    ...(target === "gcp" ? missingLocation(config, environment) : []),
    ...(target !== "compose" && config.domain === undefined ? [MISSING_DOMAIN(stack)] : []),
    ...(target === "compose" ? [] : monitoring.asked),
    ...bindProblems(config, { stack, environment, target, selected, ports }),
    ...unknownProfiles(config.profiles, systems),
    ...(target !== "compose" && config.logging ? [CLUSTER_LOGS] : []),
    ...loginProblems(config.registryLogin, { stack, target }),
    ...(config.alertWebhook !== undefined && target !== "gcp" ? [ALERT_WEBHOOK(target)] : []),
    ...(offersDevices({ target, cluster: config.cluster }) ? [] : refusedDevices(config, systems)),
  ]);

  const settings: StackSettings = {
    stack,
    environment,
    target,
    systems: selected,
    monitored: monitoring.monitored,
    lifecycle: config.lifecycle ?? (["staging", "prod"].includes(environment) ? "retain" : "ephemeral"),
    cluster: {
      mode: config.cluster.mode,
      ...(config.cluster.context !== undefined && { context: config.cluster.context }),
      ...(config.cluster.lifecycle && { lifecycle: config.cluster.lifecycle }),
      ...(config.cluster.pools && { pools: config.cluster.pools }),
    },
    ...backupsOf(config, environment, target),
    ...pointInTimeOf(config, environment, target),
    ports,
    ...bindOf(config),
    portOffsets: Object.fromEntries(
      names.map((name, index) => [name, config.portOffsets[name] ?? index * 10]),
    ),
    profiles: config.profiles,
    ...(config.logging && { logging: config.logging }),
    secretsSet: Object.fromEntries(
      names.map((name) => [name, Object.keys(config.secrets[name] ?? {}).sort()]),
    ),
    generations: Object.fromEntries(
      Object.entries(systems).flatMap(([name, definition]) => {
        const held = Object.keys(config.secrets[name] ?? {});
        const found = generationsOf(definition, config.generations[name] ?? {}, held);
        return Object.keys(found).length > 0 ? [[name, found] as const] : [];
      }),
    ),
    perSystem: Object.fromEntries(
      names.map((name) => [
        name,
        (config as Record<string, unknown>)[name] ?? { settings: {}, datastores: {}, services: {} },
      ]),
    ) as Record<string, SystemSettings>,
    ...(config.domain !== undefined && { domain: config.domain }),
    ...(config.registry !== undefined && { registry: config.registry }),
    ...(config.registryLogin && { registryLogin: true }),
    ...(config.alertWebhook !== undefined && { alertWebhook: true }),
    ...(target === "gcp" && { platforms: nodePlatforms(config.cluster) }),
    ...(config.platforms && { platforms: config.platforms }),
    ...(config.tls !== undefined && { tls: config.tls }),
    ...(config.gcp && { gcp: config.gcp }),
  };
  throwProblems(source, checkPools(settings, systems));
  return settings;
}

/** Returns the backup settings. Staging and prod are backed up by default, on Google Cloud. */
function backupsOf(
  { backups, gcp }: Pick<z.infer<ReturnType<typeof settingsSchema>>, "backups" | "gcp">,
  environment: Environment,
  target: Target,
): Pick<StackSettings, "backups"> {
  const { enabled = BACKED_UP.includes(environment) } = backups ?? {};
  const { schedule = "0 3 * * *", keepDays = 30, keepAtLeast = 7, recipients = [] } = backups ?? {};
  const location = backups?.location ?? (gcp && multiRegionOf(gcp.region));
  return target === "gcp" && enabled && location !== undefined
    ? { backups: { schedule, keepDays, keepAtLeast, recipients, location } }
    : {};
}

/**
 * Returns the settings of point-in-time recovery. On this machine, staging and prod have it by default; clusters have
 * it on request, because a restore there takes steps by hand.
 */
function pointInTimeOf(
  { backups }: Pick<z.infer<ReturnType<typeof settingsSchema>>, "backups">,
  environment: Environment,
  target: Target,
): Pick<StackSettings, "pointInTime"> {
  const isDefault = target === "compose" && ["staging", "prod"].includes(environment);
  const { enabled = isDefault, keepDays = 7 } = backups?.pointInTime ?? {};
  return enabled && backups?.enabled !== false ? { pointInTime: { keepDays } } : {};
}

function fits(definition: SystemDefinition | undefined, target: Target): boolean {
  return definition !== undefined && (definition.targets?.includes(target) ?? true);
}

/**
 * Returns whether metrics are collected, and the problems to report if the target does not support an explicit request.
 */
function readMonitoring(
  config: { systems?: readonly string[] | undefined },
  environment: Environment,
  systems: Readonly<Record<string, SystemDefinition>>,
): { readonly monitored: boolean; readonly asked: readonly Problem[] } {
  const own = (config as Record<string, unknown>)[MONITORING];
  const enabled = at(own, "enabled") as boolean | undefined;
  const named = config.systems?.includes(MONITORING) ?? false;
  const refused = (path: string): Problem => ({
    path,
    message: "metrics are collected by Longshore on Compose only",
    fix: "remove it: on a cluster its platform collects them",
  });
  return {
    monitored:
      systems[MONITORING] !== undefined && (enabled ?? (named || ["staging", "prod"].includes(environment))),
    asked: [...(enabled ? [refused(`${MONITORING}.enabled`)] : []), ...(named ? [refused("systems")] : [])],
  };
}

/**
 * Like readSettings, for commands that inspect or remove deployments: settings of systems that are not in the catalog
 * are skipped and returned.
 * @throws ProblemsError with every other problem
 */
export function readSettingsLeniently(
  raw: RawSettings,
  systems: Readonly<Record<string, SystemDefinition>>,
): { readonly settings: StackSettings; readonly unknownSystems: readonly string[] } {
  const { values, unknownSystems } = withoutUnknownSystems(raw.values, systems, knownKeys([], systems));
  const { systems: selected, ...others } = values;
  // The removed systems may have been the only ones of the stack.
  const isEmpty = Array.isArray(selected) && selected.length === 0;
  const settings = readSettings({ ...raw, values: isEmpty ? others : values }, systems);
  return { settings: isEmpty ? { ...settings, systems: [] } : settings, unknownSystems };
}

/** Adds a fix to settings of a system that was removed from the catalog: how to remove the settings and the system. */
function explainUnknownSystems(
  problems: readonly Problem[],
  { stack, values }: RawSettings,
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  const { unknownSystems } = withoutUnknownSystems(values, systems, knownKeys([], systems));
  const known = Object.keys(systems);
  return problems.map((problem) => {
    const name = problem.path.split(".").at(-1) ?? "";
    return unknownSystems.includes(problem.path) && nearest(name, known) === undefined
      ? {
          ...problem,
          fix: `known systems: ${known.join(", ")}; remove it, and what still runs with: bin/longshore down --system ${name} --stack ${stack}`,
        }
      : problem;
  });
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
  stack: string,
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  return Object.entries(secrets).flatMap(([system, values]) => {
    const definition = systems[system];
    if (!definition) {
      return [unknownKey(`secrets.${system}`, system, Object.keys(systems))];
    }
    const known = knownSecrets(definition).map(({ name }) => name);
    return Object.keys(values)
      .filter((name) => !known.includes(parseValueName(name)?.secret ?? ""))
      .map((name) => removable(unknownKey(`secrets.${system}.${name}`, name, known), stack));
  });
}

function unknownGenerations(
  generations: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>,
  stack: string,
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  return Object.entries(generations).flatMap(([system, written]) => {
    const definition = systems[system];
    const known = definition ? knownSecrets(definition).filter(({ isFormer }) => !isFormer) : [];
    const names = [...new Set(known.map(({ rotation }) => rotation))];
    return Object.keys(written ?? {})
      .filter((name) => !names.includes(name))
      .map((name) => removable(unknownKey(`generations.${system}.${name}`, name, names), stack));
  });
}

/** Adds to an unknown key how to remove it, which a secret that is no longer described requires. */
function removable({ fix, ...problem }: Problem, stack: string): Problem {
  const command = `pulumi config rm --stack ${stack} --path '${configPath(problem.path.split("."))}'`;
  return {
    ...problem,
    fix: `${fix ?? ""}; if the system no longer describes it, remove it: eval "$(bin/longshore env --stack ${stack})"; ${command}`,
  };
}

const ALERT_WEBHOOK = (target: Target): Problem => ({
  path: "alertWebhook",
  message: `is for Google's Alertmanager, and the target is ${target}`,
  fix:
    target === "compose"
      ? "remove it, and run: bin/longshore secrets set monitoring.alert-webhook-url"
      : "remove it: the cluster's own monitoring sends alerts",
});

const CLUSTER_LOGS: Problem = {
  path: "logging",
  message: "is about Docker's log drivers, and the target is a cluster",
  fix: "remove it: a cluster collects what containers write",
};

function refusedDevices(config: object, systems: Readonly<Record<string, SystemDefinition>>): Problem[] {
  return Object.values(systems).flatMap(({ name: system, services }) =>
    services
      .filter(({ name }) => ["services", name, "devices"].reduce<unknown>(at, at(config, system)) === true)
      .map(({ name }) => ({
        path: `${system}.services.${name}.devices`,
        message: "GKE Autopilot offers no devices of its nodes",
        fix: "remove it: it runs without; or set cluster.mode to standard",
      })),
  );
}

function unknownProfiles(
  profiles: readonly string[],
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  const known = [...new Set(Object.values(systems).flatMap(profilesOf))].sort();
  return profiles
    .filter((name) => !known.includes(name))
    .map((name) => {
      const close = nearest(name, known);
      return {
        path: `profiles.${name}`,
        message: "no system has such a profile",
        fix: close ? `did you mean ${close}?` : `known here: ${known.join(", ") || "none"}`,
      };
    });
}

function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  const close = nearest(key, known);
  return {
    path,
    message: "unknown key",
    fix: close ? `did you mean ${close}?` : `known here: ${known.join(", ") || "none"}`,
  };
}

/** Converts a zod issue to problems. A secret's value is never part of the message. */
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
  if (issue.path[0] === "secrets") {
    return [{ path, message: "expected text" }];
  }
  if (issue.code === "invalid_key" || holdsSecrets(issue.path)) {
    // The value could be a misplaced secret, so the message does not show it.
    return [{ path, message: issue.message }];
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

/** Returns the keys that the schema allows at a path. */
function knownKeys(
  path: readonly PropertyKey[],
  systems: Readonly<Record<string, SystemDefinition>>,
): string[] {
  let schema: unknown = settingsSchema(systems);
  for (const key of path) {
    schema = at(unwrap(schema).shape, key);
  }
  const { shape, keyType } = unwrap(schema);
  return keyType instanceof z.ZodEnum ? keyType.options.map(String) : Object.keys(shape ?? {});
}

/** Returns the object or record schema inside `optional()` and `default()`. */
function unwrap(schema: unknown): { shape?: object; keyType?: unknown } {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) {
    inner = inner.unwrap();
  }
  return inner ?? {};
}
