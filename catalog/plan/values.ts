import { generationOf, parseValueName, valueName } from "../generations";
import type { DatastoreReference, SecretReference, Value } from "../references";
import { rotationOf } from "../secrets";
import { isTls } from "../tls-ports";
import type { SystemDefinition } from "../types";
import { rulesOf } from "./datastores";
import type { PlanSettings } from "./settings";
import { joined } from "./store";
import type { Dependency, PlannedDatastore, PlanValue } from "./types";

/** Lookup tables for resolving references, built once per plan to avoid repeated scans. */
export interface Scope {
  readonly definition: SystemDefinition;
  readonly settings: PlanSettings;
  readonly services: ReadonlyMap<string, SystemDefinition["services"][number]>;
  readonly datastores: ReadonlyMap<string, PlannedDatastore>;
  /** Condition that gates the clients of each datastore. */
  readonly gates: ReadonlyMap<string, Dependency>;
  readonly settingDefaults: ReadonlyMap<string, SystemDefinition["settings"][number]>;
  /** Names of optional secrets that are not set in this environment. */
  readonly absentSecrets: ReadonlySet<string>;
}

/**
 * Resolves a value of a valid catalog. Returns undefined if it needs an optional secret that is not set, or a property
 * that does not apply to the datastore's kind.
 */
export function planValue(value: Value, scope: Scope): PlanValue | undefined {
  if (typeof value === "string") {
    return value;
  }
  switch (value.ref) {
    case "setting": {
      const set =
        scope.settings.settings?.[value.setting] ?? scope.settingDefaults.get(value.setting)?.default;
      if (set === undefined) {
        throw new Error(
          `internal: the setting ${value.setting} is required and not set, though it was checked`,
        );
      }
      return String(set);
    }
    case "secret":
      return scope.absentSecrets.has(value.secret) ? undefined : secretValue(value, scope);
    case "endpoint": {
      const port = String(scope.services.get(value.service)?.ports[value.port]);
      const authority = `${value.service}:${port}`;
      return {
        url: `${isTls(value.port) ? "https" : "http"}://${authority}`,
        authority,
        host: value.service,
        port,
      }[value.form];
    }
    case "datastore":
      return datastoreValue(value, scope);
    case "environment":
      return scope.settings.environment;
    case "text": {
      const parts = value.parts.map((part) => planValue(part, scope));
      return parts.includes(undefined) ? undefined : joined(parts as PlanValue[]);
    }
  }
}

function secretValue({ secret, form }: SecretReference, { definition, settings }: Scope): PlanValue {
  const declared = definition.secrets.find(({ name }) => name === secret);
  const { number, retired = 0 } = generationOf(
    settings.generations,
    declared ? rotationOf(declared) : secret,
  );
  const late = (generation: number): PlanValue => ({ late: "secret", secret: valueName(secret, generation) });
  if (form !== "accepted") {
    return late(number);
  }
  // All services accept the next key before it is used for signing.
  const previous = number - 1 > retired ? [late(number - 1), "\n"] : [];
  return joined([...previous, late(number + 1)]);
}

function datastoreValue(
  { datastore, property, role }: DatastoreReference,
  scope: Scope,
): PlanValue | undefined {
  const planned = scope.datastores.get(datastore);
  const value = planned && rulesOf(planned.engine).value(planned, property, role);
  if (value === undefined) {
    throw new Error(`internal: ${datastore}.${property} is not planned, though the catalog was checked`);
  }
  return value ?? undefined;
}

/** Returns the names of optional secrets that are not set in this environment. */
export function absentSecrets(definition: SystemDefinition, settings: PlanSettings): Set<string> {
  const set = new Set(settings.secretsSet?.map((name) => parseValueName(name)?.secret));
  return new Set(
    definition.secrets
      .filter(({ name, optionalIn }) => optionalIn.includes(settings.environment) && !set.has(name))
      .map(({ name }) => name),
  );
}
