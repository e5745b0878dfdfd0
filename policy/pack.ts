import { PolicyPack, type PolicyResource, type ResourceValidationArgs } from "@pulumi/policy";
import { LATE, rules, stackRules, type ResourceFacts } from "./rules";

/** Stacks whose data must not be lost, by their names; `longshore` knows better and says so. */
const PRODUCTION = /^(prod|production|staging)(-|$)/;

/** The variables in which `longshore` hands on settings of the stack: `lifecycle` (`retain` or `ephemeral`), `environment`. */
const LIFECYCLE = "LONGSHORE_LIFECYCLE";
const ENVIRONMENT = "LONGSHORE_ENVIRONMENT";

/** Registers the pack. To be called once per process: the SDK serves it to the engine that started us. */
export function servePack(): PolicyPack {
  return new PolicyPack("longshore", {
    enforcementLevel: "mandatory",
    policies: [
      ...rules.map(({ name, description, check }) => ({
        name,
        description,
        validateResource: (args: ResourceValidationArgs, report: (message: string) => void) => {
          if (takesPart(args)) {
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
          const present = resources.filter(takesPart);
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
 * A resource that a run is not pointed at, and that was never made, comes without any input. Providers give each
 * real one at least a name.
 */
function takesPart({ props }: Pick<PolicyResource, "props">): boolean {
  return Object.keys(props).length > 0;
}

function factsOf(resource: Pick<PolicyResource, "type" | "name" | "props" | "urn" | "opts">): ResourceFacts {
  let props: Record<string, unknown> | undefined;
  return {
    type: resource.type,
    name: resource.name,
    // Most rules are about other types, and never look.
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
 * Plain data. The SDK throws when something is read that is not known yet, and would give up the whole rule with
 * a warning; we mark the value instead, so that all else is judged.
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
