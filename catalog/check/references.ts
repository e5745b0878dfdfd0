import { rulesOf } from "../plan/datastores";
import { startOrder } from "../plan/order";
import type { Problem } from "../../base/problems";
import { describe, isSecretValue, type Reference, type Value } from "../references";
import { MISSING_IMAGE, type FileContent, type SystemDefinition } from "../types";
import { secretIn } from "../secret-names";
import { nearest } from "../../base/nearest";

/** Names that references can point to. */
interface Known {
  readonly services: ReadonlyMap<string, SystemDefinition["services"][number]>;
  readonly startable: readonly string[];
  /** Properties of each datastore, by its name. */
  readonly datastores: ReadonlyMap<string, readonly string[]>;
  readonly images: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly settings: ReadonlySet<string>;
}

/** Reports dangling and circular references, and secrets in places that expose their text. */
export function checkReferences(definition: SystemDefinition): Problem[] {
  const known = knownNames(definition);
  const containers = [...definition.services, ...definition.jobs];
  const isService = (name: string) => known.services.has(name);
  return [
    ...containers.flatMap(({ name, image, env, environments, command = [], files, after }) => [
      ...(image === MISSING_IMAGE ? [] : missing(`${name}.image`, "image", image, known.images)),
      ...valuesAt(`${name}.env`, env).flatMap(([path, value]) => [
        ...dangling(path, value, known),
        ...plainSecret(path, value),
        ...(isService(name) ? ownerLogin(path, value) : []),
      ]),
      ...Object.entries(environments).flatMap(([environment, overlay]) =>
        valuesAt(`${name}.environments.${environment}.env`, overlay.env ?? {}).flatMap(([path, value]) => [
          ...dangling(path, value, known),
          ...plainSecret(path, value),
          ...(isService(name) ? ownerLogin(path, value) : []),
        ]),
      ),
      ...command.flatMap((part, index) => [
        ...dangling(`${name}.command.${index}`, part, known),
        ...plainSecret(`${name}.command.${index}`, part),
        ...visibleSecret(
          `${name}.command.${index}`,
          part,
          "a command can be read by everyone on the machine",
        ),
      ]),
      ...Object.entries(files).flatMap(([path, content]) => [
        ...fileValues(content).flatMap((value) => [
          ...dangling(`${name}.files.${path}`, value, known),
          ...visibleSecret(`${name}.files.${path}`, value, "a configuration file is kept in plain text"),
        ]),
        ...(isChoice(content) ? dangling(`${name}.files.${path}`, content.whenSet, known) : []),
      ]),
      ...after.flatMap((dependency) =>
        missing(`${name}.after`, "service or job", dependency, known.startable),
      ),
    ]),
    ...definition.routes.flatMap(({ path, to, cors }) => [
      ...dangling(`routes.${path}`, to, known),
      ...(cors ? dangling(`routes.${path}.cors.origins`, cors.origins, known) : []),
    ]),
    ...cycles(definition),
  ];
}

function knownNames(definition: SystemDefinition): Known {
  const names = (list: readonly { name: string }[]) => new Set(list.map(({ name }) => name));
  return {
    services: new Map(definition.services.map((service) => [service.name, service])),
    startable: [...definition.services, ...definition.jobs].map(({ name }) => name),
    datastores: new Map(definition.datastores.map(({ name, kind }) => [name, rulesOf(kind).properties])),
    images: names(definition.images),
    secrets: names(definition.secrets),
    settings: names(definition.settings),
  };
}

function valuesAt(path: string, env: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(env).map(([name, value]) => [`${path}.${name}`, value]);
}

function dangling(path: string, value: Value, known: Known): Problem[] {
  if (typeof value === "string") {
    return [];
  }
  switch (value.ref) {
    case "setting":
      return missing(path, "setting", value.setting, known.settings);
    case "secret":
      return missing(path, "secret", value.secret, known.secrets);
    case "datastore":
      return known.datastores.has(value.datastore)
        ? missing(
            path,
            `property of ${value.datastore}`,
            value.property,
            known.datastores.get(value.datastore) ?? [],
          )
        : missing(path, "datastore", value.datastore, known.datastores.keys());
    case "environment":
      return [];
    case "text":
      return value.parts.flatMap((part) => dangling(path, part, known));
    case "endpoint": {
      const service = known.services.get(value.service);
      return service
        ? missing(path, `port of ${value.service}`, value.port, Object.keys(service.ports))
        : missing(path, "service", value.service, known.services.keys());
    }
  }
}

/** Reports an unknown name and suggests the most similar known one. */
export function missing(path: string, kind: string, name: string, known: Iterable<string>): Problem[] {
  const names = known instanceof Set ? (known as Set<string>) : new Set(known);
  if (names.has(name)) {
    return [];
  }
  const close = nearest(name, [...names]);
  return [
    {
      path,
      message: `refers to the ${kind} ${JSON.stringify(name)}, which does not exist`,
      fix: close ? `did you mean ${close}?` : `known here: ${[...names].slice(0, 8).join(", ") || "none"}`,
    },
  ];
}

/** Returns all texts that a file can contain, depending on the environment. */
export function fileValues(content: FileContent): Value[] {
  return isChoice(content) ? [content.then, content.otherwise] : [content];
}

function isChoice(content: FileContent): content is Exclude<FileContent, Value> {
  return typeof content === "object" && "whenSet" in content;
}

function visibleSecret(path: string, value: Value, why: string): Problem[] {
  return isSecretValue(value)
    ? [
        {
          path,
          message: `${describe(value as Reference)} is secret and ${why}`,
          fix: "pass it in env: it arrives as a file",
        },
      ]
    : [];
}

/** Reports a plain-text secret in the description. The message does not contain the value. */
function plainSecret(path: string, value: Value): Problem[] {
  const name = path.slice(path.lastIndexOf(".") + 1);
  // A text that embeds a secret is delivered as a file in full.
  const texts =
    typeof value === "string" ? [value] : value.ref === "text" && !isSecretValue(value) ? value.parts : [];
  const found = texts.map((part) => secretIn(name, part)).find((one) => one !== undefined);
  return found === undefined
    ? []
    : [
        {
          path,
          message: `expected a secret, got ${found} in plain text`,
          fix: 'declare it with secret("name") and use its value here',
        },
      ];
}

/** Reports a service that uses the owner login. That login is for migrations: it can change or drop every table. */
function ownerLogin(path: string, value: Value): Problem[] {
  if (typeof value === "string") {
    return [];
  }
  if (value.ref === "text") {
    return value.parts.flatMap((part) => ownerLogin(path, part));
  }
  return value.ref === "datastore" && value.role === "migrate" && value.property === "url"
    ? [
        {
          path,
          message: `expected a login of the application, got ${value.datastore}.ownerUrl, which owns the schema`,
          fix: `write ${value.datastore}.url, or use ownerUrl in a job`,
        },
      ]
    : [];
}

/** Reports cycles in the start order of services and jobs. */
function cycles({ services, jobs, datastores }: SystemDefinition): Problem[] {
  const waits = new Map<string, string[]>(datastores.map(({ name }) => [name, []]));
  for (const { name, env, environments, files, after } of [...services, ...jobs]) {
    const values = [env, ...Object.values(environments).map((overlay) => overlay.env ?? {})].flatMap((one) =>
      Object.values(one),
    );
    const texts = Object.values(files).flatMap(fileValues);
    waits.set(name, [...after, ...[...values, ...texts].flatMap(referredNames)]);
  }
  return startOrder(waits).cycles.map((cycle) => ({
    path: cycle[0] ?? "",
    message: `waits for itself: ${cycle.join(" → ")}`,
    fix: "remove one of these references",
  }));
}

function referredNames(value: Value): string[] {
  if (typeof value === "string") {
    return [];
  }
  switch (value.ref) {
    case "endpoint":
      return [value.service];
    case "datastore":
      return [value.datastore];
    case "text":
      return value.parts.flatMap(referredNames);
    default:
      return [];
  }
}
