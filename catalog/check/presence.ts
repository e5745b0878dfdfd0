import { isIn } from "../plan/presence";
import type { Problem } from "../../base/problems";
import type { Value } from "../references";
import {
  ENVIRONMENTS,
  type Environment,
  type JobDefinition,
  type ServiceDefinition,
  type SystemDefinition,
} from "../types";

type Container = ServiceDefinition | JobDefinition;

/** Compose's rule for profile names, restricted to lower case. */
const PROFILE = /^[a-z0-9][a-z0-9-]+$/;

/**
 * Checks `only`, `profile` and `publish`. Also reports references to services that an environment or profile excludes.
 */
export function checkPresence(definition: SystemDefinition): Problem[] {
  const containers: readonly Container[] = [...definition.services, ...definition.jobs];
  const byName = new Map(containers.map((container) => [container.name, container]));
  return [
    ...containers.flatMap((container) => [
      ...checkOptions(container),
      ...referencesOf(container).flatMap(({ path, to, environments }) =>
        absence(path, container, byName.get(to), environments),
      ),
    ]),
    ...definition.services.flatMap(checkPublish),
    ...definition.routes.flatMap(({ path, to }) =>
      absence(`routes.${path}`, undefined, byName.get(to.service), ENVIRONMENTS),
    ),
  ];
}

function checkOptions({ name, only, profile, environments }: Container): Problem[] {
  const pointless = Object.keys(environments).filter(
    (environment) => only && !(only as readonly string[]).includes(environment),
  );
  return [
    ...(only?.length === 0
      ? [{ path: `${name}.only`, message: "expected an environment, got none", fix: "remove it instead" }]
      : []),
    ...(profile === undefined || PROFILE.test(profile)
      ? []
      : [
          {
            path: `${name}.profile`,
            message: `expected two or more lower-case letters, digits and -, got ${JSON.stringify(profile)}`,
          },
        ]),
    ...pointless.map((environment) => ({
      path: `${name}.environments.${environment}`,
      message: `${name} is not there in ${environment} (only: ${only?.join(", ") ?? ""})`,
    })),
  ];
}

function checkPublish({ name, publish, profile, ports }: ServiceDefinition): Problem[] {
  if (publish === undefined) {
    return [];
  }
  const path = `${name}.publish`;
  if (profile === undefined) {
    return [{ path, message: "only a service with a profile can publish a port", fix: "use route" }];
  }
  return Object.keys(ports).length > 0 ? [] : [{ path, message: "the service has no ports" }];
}

interface Use {
  readonly path: string;
  /** Name of the referenced service or job. */
  readonly to: string;
  /** Environments in which the reference applies. */
  readonly environments: readonly Environment[];
}

/** Returns the references of a container, each with the environments in which it applies. */
function referencesOf(container: Container): Use[] {
  const { name, env, command = [], after, environments } = container;
  const own = ENVIRONMENTS.filter((environment) => isIn(container, environment));
  const uses = (path: string, value: Value, where: readonly Environment[]): Use[] =>
    servicesIn(value).map((to) => ({ path, to, environments: where }));
  return [
    ...after.map((to) => ({ path: `${name}.after`, to, environments: own })),
    ...command.flatMap((part, index) => uses(`${name}.command.${index}`, part, own)),
    ...Object.entries(env).flatMap(([variable, value]) =>
      uses(
        `${name}.env.${variable}`,
        value,
        own.filter((environment) => environments[environment]?.env?.[variable] === undefined),
      ),
    ),
    ...own.flatMap((environment) =>
      Object.entries(environments[environment]?.env ?? {}).flatMap(([variable, value]) =>
        uses(`${name}.environments.${environment}.env.${variable}`, value, [environment]),
      ),
    ),
  ];
}

function servicesIn(value: Value): string[] {
  if (typeof value === "string") {
    return [];
  }
  return value.ref === "endpoint"
    ? [value.service]
    : value.ref === "text"
      ? value.parts.flatMap(servicesIn)
      : [];
}

/** Reports a reference to a container that is absent. Unknown names are reported by `checkReferences`. */
function absence(
  path: string,
  from: Container | undefined,
  to: Container | undefined,
  environments: readonly Environment[],
): Problem[] {
  if (to === undefined) {
    return [];
  }
  const without = environments.filter((environment) => !isIn(to, environment));
  if (without.length > 0) {
    return [
      {
        path,
        message: `refers to ${to.name}, which is not there in ${without.join(", ")} (only: ${to.only?.join(", ") ?? ""})`,
        fix: from ? `limit ${from.name} with \`only\` too, or remove the reference` : "remove the route",
      },
    ];
  }
  return to.profile === undefined || to.profile === from?.profile
    ? []
    : [
        {
          path,
          message: `refers to ${to.name}, which runs only when the profile ${to.profile} is asked for`,
          fix: from ? `give ${from.name} the same profile, or remove the reference` : "remove the route",
        },
      ];
}
