import { PolicyPack, type PolicyResource, type ResourceValidationArgs } from "@pulumi/policy";
import { LATE, rules, stackRules, type ResourceFacts } from "./rules";

/** Names of production stacks, for plain `pulumi`. `longshore` passes the lifecycle instead. */
const PRODUCTION = /^(prod|production|staging)(-|$)/;

/** Environment variables in which `longshore` passes settings of the stack: `lifecycle` (`retain` or `ephemeral`), `environment`. */
const LIFECYCLE = "LONGSHORE_LIFECYCLE";
const ENVIRONMENT = "LONGSHORE_ENVIRONMENT";

/** Registers the pack. Call it once per process: the SDK serves it to the engine that started the process. */
export function servePack(): PolicyPack {
  return new PolicyPack("longshore", {
    enforcementLevel: "mandatory",
    policies: [
      ...rules.map(({ name, description, check }) => ({
        name,
        description,
        validateResource: (args: ResourceValidationArgs, report: (message: string) => void) => {
          if (isIncluded(args)) {
            check(factsOf(args)).forEach((message) => {
              report(message);
            });
          }
        },
      })),
      ...stackRules.map(({ name, description, check }) => ({
        name,
        description,
        validateStack: (
          { resources }: { resources: PolicyResource[] },
          report: (message: string, urn?: string) => void,
        ) => {
          const present = resources.filter(isIncluded);
          const urns = new Map(present.map((resource) => [factsOf(resource), resource.urn]));
          check([...urns.keys()]).forEach(({ resource, message }) => {
            report(message, urns.get(resource));
          });
        },
      })),
    ],
  });
}

/**
 * Whether the run includes the resource. Outside the run's targets, a resource that was never created has no inputs;
 * every other one has at least a name.
 */
function isIncluded({ props }: Pick<PolicyResource, "props">): boolean {
  return Object.keys(props).length > 0;
}

function factsOf(resource: Pick<PolicyResource, "type" | "name" | "props" | "urn" | "opts">): ResourceFacts {
  let props: Record<string, unknown> | undefined;
  return {
    type: resource.type,
    name: resource.name,
    // Lazy: most rules are about other types.
    get props() {
      return (props ??= snapshot(resource.props) as Record<string, unknown>);
    },
    isProtected: resource.opts.protect,
    isProduction: isProduction(stackOf(resource.urn)),
    spansZones: /^prod/.test(process.env[ENVIRONMENT] ?? stackOf(resource.urn)),
  };
}

function isProduction(stack: string): boolean {
  const lifecycle = process.env[LIFECYCLE];
  return lifecycle === undefined ? PRODUCTION.test(stack) : lifecycle === "retain";
}

/** `urn:pulumi:STACK::PROJECT::TYPE::NAME` */
function stackOf(urn: string): string {
  return urn.split(":")[2] ?? "";
}

/**
 * Plain data in which unknown values are `LATE`. The SDK throws when an unknown value is read and skips the whole rule
 * with a warning; the mark keeps the rest of the resource checked.
 */
function snapshot(value: unknown): unknown {
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) => read(() => (value as unknown[])[index]));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.keys(value).map((key) => [key, read(() => (value as Record<string, unknown>)[key])]),
    );
  }
  return value;
}

function read(get: () => unknown): unknown {
  let value: unknown;
  try {
    value = get();
  } catch {
    return LATE;
  }
  return snapshot(value);
}
