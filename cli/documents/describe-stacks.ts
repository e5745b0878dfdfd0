import { describeStack, type DescribedStack } from "../../diff";
import { hashesIn } from "../../render/images/source-description";
import { repoRoot } from "../../tools/paths";
import { committedStacks } from "../support/options";
import { loadPlans } from "../support/plans";
import { kubernetesOptions } from "./kubernetes";

/** Describes environments of this checkout. @param stacks empty: all committed stacks */
export function describeStacks(stacks: readonly string[]): DescribedStack[] {
  // All environments share the same sources, which are therefore hashed once.
  const hashOf = hashesIn(repoRoot());
  return (stacks.length > 0 ? stacks : committedStacks()).map((stack) => {
    // `diff` describes older commits with this command; a plain-text secret in one of them must not stop it.
    const { plans, settings } = loadPlans(stack, [], {}, { allowPlainSecrets: true });
    return describeStack(plans, settings, {
      hashOf,
      kubernetes: (plan) => kubernetesOptions(plan, settings, hashOf),
    });
  });
}
