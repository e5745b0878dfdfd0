import { rulesOf } from "./datastores";
import { isSecret } from "./resolve";
import { planResources } from "./resources";
import type { PlanSettings } from "./settings";
import type {
  Connection,
  Dependency,
  PlannedProbe,
  PlannedScale,
  PlanValue,
  Probes,
  SecretFile,
  Workload,
} from "./types";
import { planValue, type Scope } from "./values";
import { compareText } from "../../base/problems";
import type { Value } from "../references";
import type {
  FileContent,
  ImageDefinition,
  JobDefinition,
  Overlay,
  Probe,
  Scale,
  ServiceDefinition,
} from "../types";
import { parseQuantity, seconds } from "../../base/quantities";

/** Environments with the described replicas. In all others every service has one replica. */
const SCALED = new Set(["staging", "prod"]);

export function planService(service: ServiceDefinition, image: ImageDefinition, scope: Scope): Workload {
  const overlay = service.environments[scope.settings.environment] ?? {};
  const { metrics, publish, shares, dispensable } = service;
  const gpus = gpusOf(service, scope.settings);
  const gpuType = scope.settings.services?.[service.name]?.gpuType;
  return {
    ...planContainer(service, overlay, image, scope),
    kind: "service",
    ports: Object.entries(service.ports)
      .map(([name, port]) => ({ name, port }))
      .sort((a, b) => compareText(a.name, b.name)),
    probes: planProbes(service),
    scale: planScale(service, overlay, scope),
    graceSeconds: seconds(service.grace),
    ...(gpus > 0 && { gpu: gpus, ...(gpuType !== undefined && { gpuType }) }),
    ...(dispensable && { dispensable }),
    ...(shares && { shares: [...shares].sort() }),
    ...(metrics && { metrics: { port: portOf(service, metrics.port), path: metrics.path } }),
    ...(publish !== undefined && { publish: { on: publish, port: Object.values(service.ports)[0] ?? 0 } }),
  };
}

/** Returns the GPUs per container of a service, from the stack's settings or else from its environment. */
export function gpusOf({ name, environments }: ServiceDefinition, settings: PlanSettings): number {
  return settings.services?.[name]?.gpu ?? environments[settings.environment]?.gpu ?? 0;
}

export function planJob(job: JobDefinition, image: ImageDefinition, scope: Scope): Workload {
  const overlay = job.environments[scope.settings.environment] ?? {};
  return {
    ...planContainer(job, overlay, image, scope),
    kind: "job",
    ports: [],
    probes: { startupSeconds: 60 },
    scale: { kind: "fixed", replicas: 1 },
    graceSeconds: 30,
    timeoutSeconds: seconds(job.timeout),
  };
}

function planContainer(
  definition: ServiceDefinition | JobDefinition,
  overlay: Overlay,
  image: ImageDefinition,
  scope: Scope,
) {
  const values = Object.entries({ ...definition.env, ...overlay.env });
  const planned = values
    .map(([name, value]) => ({ name, value: planValue(value, scope) }))
    .filter((variable): variable is { name: string; value: PlanValue } => variable.value !== undefined)
    .sort((a, b) => compareText(a.name, b.name));
  const watched = new Set(
    scope.definition.secrets.flatMap((one) =>
      one.value.kind === "tls" && one.value.watched ? [one.name] : [],
    ),
  );
  const isWatched = (name: string) => {
    const value = Object.fromEntries(values)[name];
    return typeof value === "object" && value.ref === "secret" && watched.has(value.secret);
  };
  const secretFiles = [
    ...planned
      .filter(({ value }) => isSecret(value))
      .map((variable) => ({
        ...planSecretFile(variable),
        ...(isWatched(variable.name) && { live: true as const }),
      })),
    ...planAuthorities(
      values.map(([, value]) => value),
      scope,
    ),
  ];
  const files = Object.entries(definition.files).map(
    ([path, content]) => [path, chosen(content, scope)] as const,
  );
  const references = [...values, ...files].map(([, value]) => value);
  return {
    name: definition.name,
    image: image.name,
    user: image.user,
    ...(definition.command && {
      command: definition.command.map((part) => knownText(part, scope, "a command")),
    }),
    env: planned.filter(({ value }) => !isSecret(value)),
    secretFiles,
    configFiles: files
      .map(([path, value]) => ({ path, content: knownText(value, scope, "a configuration file") }))
      .sort((a, b) => compareText(a.path, b.path)),
    resources: planResources(overlay.resources ?? definition.resources),
    writable: [...definition.writable].sort(),
    volumes: definition.volumes.map(({ volume, path, size }) => ({
      name: volume,
      path,
      size: parseQuantity(size) ?? 0,
    })),
    after: planDependencies(definition.after, references, scope),
    connects: planConnections(references, scope),
    clients: [],
    egress: definition.egress.map(planEgress),
    exceptions: definition.exceptions,
    ...(definition.nodes && {
      nodes: Object.fromEntries(Object.entries(definition.nodes).sort(([a], [b]) => compareText(a, b))),
    }),
    ...(definition.profile !== undefined && { profile: definition.profile }),
  };
}

/** Returns a text that must not contain secrets, such as a command or a file. `checkReferences` ensures this. */
function knownText(value: Value, scope: Scope, where: string): string {
  const planned = planValue(value, scope);
  if (typeof planned !== "string") {
    throw new Error(`internal: ${where} holds a late value, though the catalog was checked`);
  }
  return planned;
}

/** Returns the text of a file in this environment. */
function chosen(content: FileContent, scope: Scope): Value {
  if (typeof content === "string" || !("whenSet" in content)) {
    return content;
  }
  return scope.absentSecrets.has(content.whenSet.secret) ? content.otherwise : content.then;
}

function planSecretFile({ name, value }: { name: string; value: PlanValue }): SecretFile {
  const file = name.toLowerCase().replace(/_/g, "-");
  return { name: file, variable: `${name}_FILE`, path: `/run/secrets/${file}`, value };
}

/** Returns the CA certificates that the URLs of datastores name. */
function planAuthorities(values: readonly Value[], { datastores }: Scope): SecretFile[] {
  const names = new Set(values.flatMap(datastoreUrls));
  return [...names].sort(compareText).flatMap((name) => {
    const planned = datastores.get(name);
    return (planned && rulesOf(planned.engine).authority?.(planned)) ?? [];
  });
}

function datastoreUrls(value: Value): string[] {
  if (typeof value === "string") {
    return [];
  }
  switch (value.ref) {
    case "datastore":
      return value.property === "url" ? [value.datastore] : [];
    case "text":
      return value.parts.flatMap(datastoreUrls);
    default:
      return [];
  }
}

function planProbes({ live, ready = live, startup, ...service }: ServiceDefinition): Probes {
  const planned = (probe: Probe): PlannedProbe => ({
    check: planCheck(probe.check, service.ports),
    intervalSeconds: seconds(probe.interval),
    timeoutSeconds: seconds(probe.timeout),
    failures: probe.failures,
  });
  return {
    startupSeconds: seconds(startup),
    ...(live && { live: planned(live) }),
    ...(ready && { ready: planned(ready) }),
  };
}

function planCheck(check: Probe["check"], ports: ServiceDefinition["ports"]): PlannedProbe["check"] {
  if (check.kind === "exec") {
    return check;
  }
  const port = (check.port === undefined ? Object.values(ports)[0] : ports[check.port]) ?? 0;
  return check.kind === "http" ? { kind: "http", path: check.path, port } : { kind: "tcp", port };
}

function planScale(service: ServiceDefinition, overlay: Overlay, { settings }: Scope): PlannedScale {
  const configured = settings.services?.[service.name]?.replicas;
  const overlaid = overlay.scale !== undefined || overlay.replicas !== undefined;
  if (configured !== undefined) {
    return { kind: "fixed", replicas: configured };
  }
  if (!overlaid && !SCALED.has(settings.environment)) {
    return { kind: "fixed", replicas: 1 };
  }
  const { scale, replicas } = overlaid ? overlay : service;
  if (!scale) {
    return { kind: "fixed", replicas: replicas ?? 1 };
  }
  // Compose has no autoscaler, so the minimum is used. docs/reference/support.md documents this.
  return settings.target === "compose" ? { kind: "fixed", replicas: scale.min } : automatic(scale);
}

function automatic({ min, max, cpu, memory }: Scale): PlannedScale {
  return {
    kind: "automatic",
    min,
    max,
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
  };
}

/** Returns the dependencies from `after` and those that references imply: a datastore's gate or a service's health. */
function planDependencies(
  after: readonly string[],
  references: readonly Value[],
  scope: Scope,
): Dependency[] {
  const named = after.map((workload): Dependency => ({
    workload,
    condition: scope.services.has(workload) ? "healthy" : "completed",
  }));
  const implied = references
    .flatMap((value) => targets(value))
    .flatMap((target): Dependency[] => {
      const gate =
        target.kind === "datastore"
          ? scope.gates.get(target.name)
          : ({ workload: target.name, condition: "healthy" } as const);
      return gate ? [gate] : [];
    });
  const unique = new Map([...named, ...implied].map((dependency) => [dependency.workload, dependency]));
  return [...unique.values()].sort((a, b) => compareText(a.workload, b.workload));
}

function planConnections(references: readonly Value[], scope: Scope): Connection[] {
  const connections = references
    .flatMap((value) => targets(value))
    .map((target): Connection => {
      if (target.kind === "service") {
        const port = scope.services.get(target.name)?.ports[target.port] ?? 0;
        return { to: "workload", workload: target.name, port };
      }
      const datastore = scope.datastores.get(target.name);
      const port = datastore?.port ?? 0;
      return datastore?.kind === "container"
        ? { to: "workload", workload: target.name, port }
        : { to: "datastore", datastore: target.name, port };
    });
  const unique = new Map(connections.map((connection) => [JSON.stringify(connection), connection]));
  return [...unique.entries()].sort(([a], [b]) => compareText(a, b)).map(([, connection]) => connection);
}

type ReferenceTarget = { kind: "service"; name: string; port: string } | { kind: "datastore"; name: string };

/**
 * Returns the targets of a value's references. A property such as `db.database` alone is no connection, but in practice
 * it is always used together with an address.
 */
function targets(value: Value): ReferenceTarget[] {
  if (typeof value === "string") {
    return [];
  }
  switch (value.ref) {
    case "endpoint":
      return [{ kind: "service", name: value.service, port: value.port }];
    case "datastore":
      return [{ kind: "datastore", name: value.datastore }];
    case "text":
      return value.parts.flatMap(targets);
    default:
      return [];
  }
}

function planEgress(destination: string) {
  const colon = destination.lastIndexOf(":");
  return { host: destination.slice(0, colon), port: Number(destination.slice(colon + 1)) };
}

function portOf(service: ServiceDefinition, name: string): number {
  return service.ports[name] ?? 0;
}
