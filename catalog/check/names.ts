import { rulesOf } from "../plan/datastores";
import { edgeSecrets } from "../plan/edge-tls";
import { AGENT, EDGE_EXPORTER, MONITORING, RECEIVER } from "../plan/monitoring";
import { postgresRoles } from "../plan/postgres-roles";
import type { Problem } from "../../base/problems";
import type { SystemDefinition } from "../types";

/** A DNS label that starts with a letter, as Kubernetes requires for a Service's name (RFC 1035). */
const LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const LABEL_LENGTH = 63;
/** Kubernetes appends `-` and ten characters to a StatefulSet's name in a label of its pods. */
const STORE_LENGTH = LABEL_LENGTH - 11;
/** Longshore appends `-` and a ten-character hash to a Job's name, because a Job is immutable. */
const JOB_LENGTH = LABEL_LENGTH - 11;
/** The Compose project is named `<system>-<environment>`; the longest environment is `staging`. */
const SYSTEM_LENGTH = 40;
/** Maximum length of a port name of a Kubernetes Service (IANA_SVC_NAME). */
const PORT_LENGTH = 15;
/** Maximum length of a PostgreSQL identifier (NAMEDATALEN - 1). */
const IDENTIFIER_LENGTH = 63;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DATABASE = /^[a-z][a-z0-9_-]*$/;
const SETTING = /^[a-z][A-Za-z0-9]*$/;
/** Names that a target generates. */
const RESERVED = new Map([
  ["edge", "the proxy that serves the routes"],
  [AGENT, "what collects the metrics"],
  [EDGE_EXPORTER, "the metrics of the proxy"],
  ["default", "a namespace's own ServiceAccount"],
  ["default-deny", "the NetworkPolicy that denies everything else"],
]);
/** Suffix of the second Kubernetes Service of a service with a volume: `<name>-pods`. */
const PODS = "-pods";

/**
 * Checks every name before a cluster rejects it. Names are contracts: they become Service DNS names, databases and
 * secrets.
 */
export function checkNames(definition: SystemDefinition): Problem[] {
  const { services, jobs, datastores, images, secrets, settings } = definition;
  const longestEnvironment = "staging";
  return [
    ...label("name", definition.name, SYSTEM_LENGTH),
    ...services.flatMap(({ name, volumes }) =>
      // With a volume the service is a StatefulSet and has a second Service `<name>-pods`.
      label(name, name, volumes.length > 0 ? STORE_LENGTH : LABEL_LENGTH),
    ),
    ...jobs.flatMap(({ name }) => label(name, name, JOB_LENGTH)),
    ...datastores.flatMap((datastore) => {
      const { name } = datastore;
      const { jobs: own, companions = [] } = rulesOf(datastore.kind).names(datastore);
      return [
        ...label(name, name, STORE_LENGTH),
        ...companions.flatMap((one) => composed(name, one, STORE_LENGTH, "its archive")),
        ...own.flatMap((job) => composed(name, job.name, JOB_LENGTH, `the job that ${job.purpose}`)),
      ];
    }),
    ...images.flatMap(({ name }) => label(`images.${name}`, name, LABEL_LENGTH)),
    ...secrets.flatMap(({ name }) => label(`secrets.${name}`, name, LABEL_LENGTH)),
    ...settings.flatMap(({ name }) =>
      matching(`settings.${name}`, name, SETTING, "camelCase letters and digits"),
    ),
    ...[...services, ...jobs].flatMap(({ name, env, environments, volumes }) => [
      ...variables(name, [env, ...Object.values(environments).map((overlay) => overlay.env ?? {})]),
      ...volumes.flatMap(({ volume }) => label(`${name}.volumes.${volume}`, volume, LABEL_LENGTH)),
      // Compose names a container `<project>-<service>-<number>`, which is also its host name.
      ...composed(
        name,
        `${definition.name}-${longestEnvironment}-${name}-10`,
        LABEL_LENGTH + SYSTEM_LENGTH,
        "its container",
      ),
    ]),
    ...services.flatMap(({ name, ports }) =>
      Object.keys(ports).flatMap((port) => label(`${name}.ports.${port}`, port, PORT_LENGTH)),
    ),
    ...datastores.flatMap(databaseNames),
    ...reserved(definition),
    ...duplicates(definition),
  ];
}

function databaseNames(datastore: SystemDefinition["datastores"][number]): Problem[] {
  if (datastore.kind !== "postgres") {
    return [];
  }
  const path = `${datastore.name}.database`;
  const roles = postgresRoles(datastore);
  const longest = [roles.migrate.name, roles.login.name, roles.resting].sort(
    (a, b) => b.length - a.length,
  )[0];
  return [
    ...matching(path, datastore.database, DATABASE, "lower-case letters, digits, _ and -"),
    ...composed(path, longest ?? "", IDENTIFIER_LENGTH, "its longest login"),
  ];
}

function label(path: string, name: string, longest: number): Problem[] {
  if (!LABEL.test(name)) {
    return [
      {
        path,
        message: `expected lower-case letters, digits and -, starting with a letter, got ${quote(name)}`,
      },
    ];
  }
  return name.length > longest
    ? [
        {
          path,
          message: `expected at most ${longest} characters, got ${name.length}`,
          fix: "choose a shorter name",
        },
      ]
    : [];
}

function composed(path: string, name: string, longest: number, what: string): Problem[] {
  return name.length > longest
    ? [
        {
          path,
          message: `the name of ${what} would have ${name.length} characters, at most ${longest} are allowed (${quote(name)})`,
          fix: "choose a shorter name",
        },
      ]
    : [];
}

function matching(path: string, name: string, pattern: RegExp, expected: string): Problem[] {
  return pattern.test(name) ? [] : [{ path, message: `expected ${expected}, got ${quote(name)}` }];
}

function variables(container: string, environments: readonly Readonly<Record<string, unknown>>[]): Problem[] {
  const names = [...new Set(environments.flatMap((env) => Object.keys(env)))];
  const invalid = names.flatMap((name) =>
    matching(`${container}.env.${name}`, name, VARIABLE, "letters, digits and _, not starting with a digit"),
  );
  return [...invalid, ...fileNameClashes(container, names)];
}

/** Reports clashes of a secret variable NAME, which becomes the file `name` and the variable NAME_FILE. */
function fileNameClashes(container: string, names: readonly string[]): Problem[] {
  const taken = new Map<string, string>();
  return names.flatMap((name) => {
    const file = name.toLowerCase().replace(/_/g, "-");
    const other = taken.get(file);
    taken.set(file, name);
    const path = `${container}.env.${name}`;
    if (other !== undefined) {
      return [{ path, message: `differs from ${other} in case only`, fix: "rename one of them" }];
    }
    return names.includes(`${name}_FILE`)
      ? [
          {
            path,
            message: `${name}_FILE is set as well`,
            fix: `remove ${name}_FILE: it is made for a secret`,
          },
        ]
      : [];
  });
}

function reserved({ name: system, services, jobs, datastores }: SystemDefinition): Problem[] {
  return [...services, ...jobs, ...datastores].flatMap(({ name }) => {
    const holder =
      name === RECEIVER && system !== MONITORING ? "what takes the metrics in" : RESERVED.get(name);
    return holder ? [{ path: name, message: `the name is reserved for ${holder}` }] : [];
  });
}

function duplicates(definition: SystemDefinition): Problem[] {
  const { services, jobs, datastores, images, secrets, settings } = definition;
  const made = datastores.map((datastore) => rulesOf(datastore.kind).names(datastore));
  const containers = [
    ...[...services, ...jobs, ...datastores].map(({ name }) => name),
    ...made.flatMap(({ jobs: own, exporter, companions = [] }) =>
      [...own.map(({ name }) => name), exporter ?? [], ...companions].flat(),
    ),
    ...services.filter(({ volumes }) => volumes.length > 0).map(({ name }) => `${name}${PODS}`),
  ];
  return [
    ...twice(containers, (name) => ({
      path: name,
      message: "two services, jobs or datastores have this name",
    })),
    ...twice(
      [...images, ...datastores].map(({ name }) => name),
      (name) => ({
        path: `images.${name}`,
        message: "two images or datastores have this name",
      }),
    ),
    ...twice(
      [...secrets, ...edgeSecrets(definition)]
        .map(({ name }) => name)
        .concat(made.flatMap((one) => one.secrets)),
      (name) => ({
        path: `secrets.${name}`,
        message: "two secrets have this name",
      }),
    ),
    ...twice(
      settings.map(({ name }) => name),
      (name) => ({
        path: `settings.${name}`,
        message: "two settings have this name",
        fix: "declare it once and use the value twice",
      }),
    ),
    ...sharedVolumes([...services, ...jobs]),
    ...sharedPublications(services),
  ];
}

/**
 * Reports volumes of the same name in two containers. Each container has its own disk, but the name suggests a shared
 * one.
 */
function sharedVolumes(
  containers: readonly Pick<SystemDefinition["services"][number], "name" | "volumes">[],
): Problem[] {
  const mounts = containers.flatMap(({ name: service, volumes }) =>
    volumes.map((one) => ({ service, ...one })),
  );
  return mounts.flatMap(({ service, volume, private: isPrivate }) => {
    const other = mounts.find((one) => one.volume === volume && one.service !== service);
    return other === undefined || isPrivate
      ? []
      : [
          {
            path: `${service}.volumes.${volume}`,
            message: `${other.service} has a volume of this name too, and each service has a disk of its own`,
            fix: "rename one of them, or write private: true in both; services cannot share a volume",
          },
        ];
  });
}

function sharedPublications(services: SystemDefinition["services"]): Problem[] {
  const holders = new Map<number, string>();
  return services.flatMap(({ name, publish }) => {
    if (publish === undefined) {
      return [];
    }
    const holder = holders.get(publish);
    holders.set(publish, name);
    return holder === undefined
      ? []
      : [
          {
            path: `${name}.publish`,
            message: `${publish} is published by ${holder} too`,
            fix: "choose another",
          },
        ];
  });
}

function twice(names: readonly string[], problem: (name: string) => Problem): Problem[] {
  const seen = new Set<string>();
  const repeated = new Set(names.filter((name) => seen.size === seen.add(name).size));
  return [...repeated].map(problem);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
