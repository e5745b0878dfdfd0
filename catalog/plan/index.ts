import { withBases } from "../build-graph";
import { checkSystem, withPlaces } from "../check";
import { checkLimits } from "../check/limits";
import { compareText, throwProblems } from "../../base/problems";
import { parseValueName } from "../generations";
import { SELF_SIGNED } from "../secrets";
import type { GeneratedValue, ImageDefinition, SystemDefinition } from "../types";
import { checkAutopilot, onAutopilot } from "./autopilot";
import { inCanonicalOrder } from "./canonical";
import { planStore, rulesOf, type DatastorePlan } from "./datastores";
import { developed, isDeveloped, withDevelopment } from "./develop";
import { withOfferedDevices } from "./devices";
import { edgeSecrets, planEdgeTls } from "./edge-tls";
import { EDGE_EXPORTER, MONITORING, planMonitoring } from "./monitoring";
import { startOrder } from "./order";
import { presentIn } from "./presence";
import { secretsIn } from "./resolve";
import { planRoutes } from "./routes";
import type { PlanSettings } from "./settings";
import { dumpEncryption } from "./dump-encryption";
import type { Plan, PlannedSecret, Workload } from "./types";
import { absentSecrets, type Scope } from "./values";
import { gpusOf, planJob, planService } from "./workload";

export type { PlanSettings } from "./settings";
export type * from "./types";

/**
 * Resolves a system for one environment.
 * @throws ProblemsError with every problem of the catalog and of the settings that concern it
 */
export function planSystem(described: SystemDefinition, given: PlanSettings): Plan {
  const settings = withoutIdleMonitoring(described, given);
  throwProblems(`stacks/${described.name}.ts`, checkSystem(described, settings));
  const present = presentIn(inCanonicalOrder(described), settings);
  const definition = withOfferedDevices(withDevelopment(present, settings), settings);
  const stores = definition.datastores.map((datastore) => planStore(datastore, settings));
  const scope = scopeOf(definition, settings, stores);
  const own = planWorkloads(scope, stores);
  const monitoring = planMonitoring(definition, settings, own, stores);
  const lasting = [...own, ...monitoring.workloads];
  const complete = byName([...lasting, ...retirements(stores, lasting)]);
  const isAutopilot = settings.target === "gcp" && settings.autopilot === true;
  const scheduled = isAutopilot ? complete.map(onAutopilot) : complete;
  const workloads = withRoles(withClients(scheduled, definition, settings), scope);
  const images = [...definition.images, ...stores.map(({ image }) => image), ...monitoring.images];
  const used = withBases(
    workloads.map(({ image }) => image),
    images,
  );
  const edgeTls = planEdgeTls(definition, settings);
  const plan: Plan = {
    system: definition.name,
    environment: settings.environment,
    target: settings.target,
    ...(settings.domain !== undefined && { host: `${definition.name}.${settings.domain}` }),
    images: byName([
      ...images.filter(({ name }) => used.has(name)),
      ...dumpEncryption(
        settings,
        stores.map(({ datastore }) => datastore),
      ),
    ]),
    workloads,
    startOrder: startOrder(
      new Map(workloads.map(({ name, after }) => [name, after.map((one) => one.workload)])),
    ).order,
    datastores: byName(stores.map(({ datastore }) => datastore)),
    secrets: planSecrets(definition, settings, stores, [...workloads, ...(edgeTls ? [edgeTls] : [])]),
    routes: planRoutes(definition, settings),
    ...(settings.logging && settings.target === "compose" && { logging: settings.logging }),
    ...(edgeTls && { edgeTls }),
    ...(workloads.some(({ name }) => name === EDGE_EXPORTER) && { edgeExporter: EDGE_EXPORTER }),
  };
  throwProblems(
    `stacks/${described.name}.ts`,
    withPlaces(described, [...checkLimits(plan), ...(isAutopilot ? checkAutopilot(workloads) : [])]),
  );
  return plan;
}

/**
 * Turns off metrics collection where it does not apply: on clusters, whose platform collects metrics, and for the
 * monitoring system itself.
 */
function withoutIdleMonitoring({ name }: SystemDefinition, settings: PlanSettings): PlanSettings {
  const { monitoring, ...others } = settings;
  const applies = monitoring !== undefined && settings.target === "compose" && name !== MONITORING;
  return applies ? settings : others;
}

function scopeOf(
  definition: SystemDefinition,
  settings: PlanSettings,
  stores: readonly DatastorePlan[],
): Scope {
  const named = <T extends { name: string }>(list: readonly T[]) =>
    new Map(list.map((one) => [one.name, one]));
  return {
    definition,
    settings,
    services: named(definition.services),
    datastores: named(stores.map(({ datastore }) => datastore)),
    gates: new Map(stores.flatMap(({ datastore, gate }) => (gate ? [[datastore.name, gate] as const] : []))),
    settingDefaults: named(definition.settings),
    absentSecrets: absentSecrets(definition, settings),
  };
}

function planWorkloads(scope: Scope, stores: readonly DatastorePlan[]): Workload[] {
  const { definition } = scope;
  const images = new Map(definition.images.map((image) => [image.name, image]));
  const image = (name: string): ImageDefinition => {
    const found = images.get(name);
    if (!found) {
      throw new Error(`internal: image ${name} is not defined, though the catalog was checked`);
    }
    return found;
  };
  return byName([
    ...definition.services.map((service) => {
      const { develop, gpuImage = service.image } = service;
      const chosen = image(gpusOf(service, scope.settings) > 0 ? gpuImage : service.image);
      const workload = planService(service, chosen, scope);
      return develop && isDeveloped(scope.settings) ? developed(workload, develop, chosen) : workload;
    }),
    ...definition.jobs.map((job) => planJob(job, image(job.image), scope)),
    ...stores.flatMap((store) => store.workloads),
  ]);
}

/** Returns the jobs that revoke rotated passwords. Each waits for all former users of its password. */
function retirements(stores: readonly DatastorePlan[], workloads: readonly Workload[]): Workload[] {
  return stores.flatMap(({ retirement, workloads: own }) => {
    if (!retirement) {
      return [];
    }
    const { job, secret } = retirement;
    const users = workloads.filter(
      (one) => !own.includes(one) && one.secretFiles.some(({ value }) => secretsIn(value).includes(secret)),
    );
    const after = [
      ...own.map(({ name, kind }) => ({ name, kind })),
      ...users.map(({ name, kind }) => ({ name, kind })),
    ].map(({ name, kind }) => ({
      workload: name,
      condition: kind === "job" ? ("completed" as const) : ("healthy" as const),
    }));
    return [{ ...job, after: after.sort((a, b) => compareText(a.workload, b.workload)) }];
  });
}

/** Adds the clients of each workload, from all connections and routes. */
function withClients(
  workloads: Workload[],
  definition: SystemDefinition,
  settings: PlanSettings,
): Workload[] {
  const clients = new Map<string, { from: string; port: number }[]>();
  const add = (name: string, client: { from: string; port: number }) => {
    const list = clients.get(name) ?? [];
    if (!list.some(({ from, port }) => from === client.from && port === client.port)) {
      list.push(client);
    }
    clients.set(name, list);
  };
  for (const { name, connects } of workloads) {
    for (const connection of connects) {
      if (connection.to === "workload") {
        add(connection.workload, { from: name, port: connection.port });
      }
    }
  }
  for (const route of planRoutes(definition, settings)) {
    add(route.workload, { from: "edge", port: route.port });
  }
  return workloads.map((workload) => ({
    ...workload,
    clients: (clients.get(workload.name) ?? []).sort(
      (a, b) => compareText(a.from, b.from) || a.port - b.port,
    ),
  }));
}

/** Adds the Google Cloud roles that the managed datastores of a workload require of their clients. */
function withRoles(workloads: Workload[], { datastores }: Scope): Workload[] {
  return workloads.map((workload) => {
    const roles = workload.connects.flatMap((connection) => {
      const store = connection.to === "datastore" ? datastores.get(connection.datastore) : undefined;
      return store ? (rulesOf(store.engine).roles?.(store) ?? []) : [];
    });
    return roles.length > 0 ? { ...workload, roles: [...new Set(roles)].sort(compareText) } : workload;
  });
}

/**
 * Returns the secret values that workloads use: the current one, and the adjacent ones of secrets with several valid
 * values.
 */
function planSecrets(
  definition: SystemDefinition,
  settings: PlanSettings,
  stores: readonly DatastorePlan[],
  users: readonly Pick<Workload, "secretFiles">[],
): PlannedSecret[] {
  const declared = [...definition.secrets, ...edgeSecrets(definition, settings)].map((secret) => ({
    name: secret.name,
    value: secret.value,
    from:
      secret.value.kind === "tls" && !SELF_SIGNED.includes(settings.environment)
        ? ("config" as const)
        : secret.from,
  }));
  const passwords = stores.flatMap(({ secrets, provided }) => [
    ...secrets.map((name) => ({ name, from: "generated" as const, value: PASSWORD })),
    ...provided.map((name) => ({ name, from: "service" as const, value: PASSWORD })),
  ]);
  const known = new Map([...declared, ...passwords].map((secret) => [secret.name, secret]));
  const used = users.flatMap(({ secretFiles }) => secretFiles.flatMap(({ value }) => secretsIn(value)));
  return byName(
    [...new Set(used)].flatMap((name): PlannedSecret[] => {
      const { secret = "", generation = 1 } = parseValueName(name) ?? {};
      const found = known.get(secret);
      return found
        ? [{ ...found, name, secret, generation, configPath: `longshore:secrets.${definition.name}.${name}` }]
        : [];
    }),
  );
}

const PASSWORD: GeneratedValue = { kind: "text", length: 32 };

function byName<T extends { readonly name: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => compareText(a.name, b.name));
}
