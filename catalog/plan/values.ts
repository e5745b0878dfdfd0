import type { DatastoreReference, Value } from "../references";
import type { SystemDefinition } from "../types";
import { loginOf } from "./postgres";
import type { PlanSettings } from "./settings";
import type { PlannedDatastore, PlanValue } from "./types";

/** What references are resolved against. Built once per plan: looking up must not cost a scan. */
export interface Scope {
  readonly definition: SystemDefinition;
  readonly settings: PlanSettings;
  readonly services: ReadonlyMap<string, SystemDefinition["services"][number]>;
  readonly datastores: ReadonlyMap<string, PlannedDatastore>;
  readonly settingDefaults: ReadonlyMap<string, SystemDefinition["settings"][number]>;
  /** Secrets that may be absent here and are. */
  readonly absentSecrets: ReadonlySet<string>;
}

/** Resolves a value of a valid catalog; undefined when it needs a secret that is optional here and not set. */
export function planValue(value: Value, scope: Scope): PlanValue | undefined {
  if (typeof value === "string") {
    return value;
  }
  switch (value.ref) {
    case "setting": {
      const set = scope.settings.settings?.[value.setting];
      return String(set ?? scope.settingDefaults.get(value.setting)?.default);
    }
    case "secret":
      return scope.absentSecrets.has(value.secret) ? undefined : { late: "secret", secret: value.secret };
    case "endpoint": {
      const port = String(scope.services.get(value.service)?.ports[value.port]);
      const authority = `${value.service}:${port}`;
      return { url: `http://${authority}`, authority, host: value.service, port }[value.form];
    }
    case "datastore":
      return datastoreValue(value, scope);
    case "text": {
      const parts = value.parts.map((part) => planValue(part, scope));
      return parts.includes(undefined) ? undefined : joined(parts as PlanValue[]);
    }
  }
}

/** Adjacent known parts become one; a text without late parts is a string. */
export function joined(parts: readonly PlanValue[]): PlanValue {
  const merged: PlanValue[] = [];
  for (const part of parts.flatMap((value) =>
    typeof value === "object" && value.late === "text" ? value.parts : [value],
  )) {
    const last = merged.at(-1);
    if (typeof part === "string" && typeof last === "string") {
      merged[merged.length - 1] = last + part;
    } else if (part !== "") {
      merged.push(part);
    }
  }
  if (merged.length === 0) {
    return "";
  }
  const [only] = merged;
  return merged.length === 1 && only !== undefined ? only : { late: "text", parts: merged };
}

function datastoreValue({ datastore, property, role }: DatastoreReference, scope: Scope): PlanValue {
  const planned = scope.datastores.get(datastore);
  if (!planned) {
    throw new Error(`internal: datastore ${datastore} is not planned, though the catalog was checked`);
  }
  const host: PlanValue = planned.kind === "container" ? planned.name : { late: "host", datastore };
  const login = loginOf(planned.roles, role);
  switch (property) {
    case "host":
      return host;
    case "port":
      return String(planned.port);
    case "database":
      return planned.database;
    case "username":
      return login.name;
    case "ownerRole":
      return planned.roles.owner;
    case "password":
      return { late: "secret", secret: login.secret };
    case "url": {
      // Inside one machine's or cluster's private network the container has no certificate; Cloud SQL insists on TLS.
      const tls = planned.kind === "container" ? "disable" : "require";
      return joined([
        `postgresql://${login.name}:`,
        { late: "secret", secret: login.secret, encode: "uri" },
        "@",
        host,
        `:${planned.port}/${planned.database}?sslmode=${tls}`,
      ]);
    }
  }
}

/** Names of optional secrets that are not set in this environment. */
export function absentSecrets(definition: SystemDefinition, settings: PlanSettings): Set<string> {
  const set = new Set(settings.secretsSet);
  return new Set(
    definition.secrets
      .filter(({ name, optionalIn }) => optionalIn.includes(settings.environment) && !set.has(name))
      .map(({ name }) => name),
  );
}
