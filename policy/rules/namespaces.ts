import { at, fieldsAt, listAt, show } from "./read";
import { kubernetesKind } from "./pods";
import { LATE, type ResourceFacts } from "./types";

/** A violation of a rule over several resources. */
export interface StackViolation {
  /** The violating resource. */
  readonly resource: ResourceFacts;
  readonly message: string;
}

/** A rule about all resources of a stack. */
export interface StackRule {
  readonly name: string;
  readonly description: string;
  readonly check: (resources: readonly ResourceFacts[]) => readonly StackViolation[];
}

const denied: StackRule = {
  name: "namespace-denies-by-default",
  description: "Each namespace has a NetworkPolicy that denies every connection by default.",
  check: (resources) => {
    const namespaces = resources.filter(({ type }) => kubernetesKind(type) === "Namespace");
    const denying = resources.filter(isDefaultDeny).map(({ props }) => at(props, "metadata", "namespace"));
    return namespaces.flatMap((resource) => {
      const name = at(resource.props, "metadata", "name");
      return name === LATE || denying.includes(name) || denying.includes(LATE)
        ? []
        : [
            {
              resource,
              message: `namespace ${show(name)}: expected a NetworkPolicy that denies by default, got none`,
            },
          ];
    });
  },
};

function isDefaultDeny({ type, props }: ResourceFacts): boolean {
  const policyTypes = listAt(props, "spec", "policyTypes");
  return (
    kubernetesKind(type) === "NetworkPolicy" &&
    Object.keys(fieldsAt(props, "spec", "podSelector")).length === 0 &&
    policyTypes.includes("Ingress") &&
    policyTypes.includes("Egress") &&
    at(props, "spec", "ingress") === undefined &&
    listAt(props, "spec", "egress").length === 0
  );
}

export const stackRules = [denied] as const;
