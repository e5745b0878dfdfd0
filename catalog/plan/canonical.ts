import { compareText } from "../../base/problems";
import type {
  DatastoreDefinition,
  JobDefinition,
  Overlay,
  SecurityException,
  ServiceDefinition,
  SystemDefinition,
} from "../types";

/**
 * Sorts every part of a definition whose order has no meaning: declarations, list entries and fields. A plan is built
 * from the result, so that moving a line in a description changes no document. `ports` keep their order, because
 * `publish` leads to the first one. Command arguments keep their order too.
 */
export function inCanonicalOrder(definition: SystemDefinition): SystemDefinition {
  return {
    ...definition,
    images: byKey(definition.images, ({ name }) => name),
    services: byKey(definition.services, ({ name }) => name).map(service),
    jobs: byKey(definition.jobs, ({ name }) => name).map(container),
    datastores: byKey(definition.datastores, ({ name }) => name).map(datastore),
    secrets: byKey(definition.secrets, ({ name }) => name),
    settings: byKey(definition.settings, ({ name }) => name),
    routes: byKey(definition.routes, ({ path }) => path),
  };
}

function service(one: ServiceDefinition): ServiceDefinition {
  const { develop, shares } = one;
  return {
    ...container(one),
    ...(develop && { develop: { ...develop, mounts: byField(develop.mounts) } }),
    ...(shares && { shares: sorted(shares) }),
  };
}

function container<T extends ServiceDefinition | JobDefinition>(one: T): T {
  return {
    ...one,
    env: byField(one.env),
    after: sorted(one.after),
    egress: sorted(one.egress),
    writable: sorted(one.writable),
    volumes: byKey(one.volumes, ({ path }) => path),
    files: byField(one.files),
    exceptions: byKey(one.exceptions, exceptionKey),
    environments: mapped(one.environments, overlaid),
  };
}

function overlaid(overlay: Overlay): Overlay {
  return overlay.env ? { ...overlay, env: byField(overlay.env) } : overlay;
}

function exceptionKey(exception: SecurityException): string {
  return exception.allow === "device" ? `device ${exception.path}` : exception.allow;
}

function datastore(one: DatastoreDefinition): DatastoreDefinition {
  switch (one.kind) {
    case "postgres":
      return { ...one, extensions: sorted(one.extensions) };
    case "kafka":
      return { ...one, topics: byField(one.topics) };
    case "redis":
    case "neo4j":
      return one;
  }
}

// Most lists have at most one entry, and a system may have thousands of lists. Those are not copied.

function sorted<T extends string>(list: readonly T[]): readonly T[] {
  return list.length < 2 ? list : [...list].sort(compareText);
}

function byKey<T>(list: readonly T[], key: (item: T) => string): readonly T[] {
  return list.length < 2 ? list : [...list].sort((a, b) => compareText(key(a), key(b)));
}

function byField<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const names = Object.keys(record);
  return names.length < 2
    ? record
    : Object.fromEntries(names.sort(compareText).map((name) => [name, record[name] as T]));
}

function mapped<T extends Readonly<Record<string, unknown>>>(
  record: T,
  change: (one: Overlay) => Overlay,
): T {
  const entries = Object.entries(record);
  return entries.length === 0
    ? record
    : (Object.fromEntries(entries.map(([name, one]) => [name, change(one as Overlay)])) as T);
}
