import { describeStack, type DescribedStack } from "../../diff";
import { hashesIn } from "../../render/images/source-description";
import { repoRoot } from "../../tools/paths";
import type { ResourcesOptions } from "../commands/resources";
import { committedStacks } from "../support/options";
import { loadPlans } from "../support/plans";
import { openTerminal, plural, table } from "../support/terminal";
import { kubernetesOptions } from "./render";

/** Runs `longshore resources`. */
export function resources({ stack, json = false }: ResourcesOptions): void {
  const terminal = openTerminal({ json });
  const described = describeStacks(stack);
  if (json) {
    terminal.json({ stacks: described });
    return;
  }
  for (const { stack: name, resources: all } of described) {
    terminal.out(terminal.colors.bold(`${name}: ${plural(all.length, "resource")}`));
    table(
      ["resource", "type"],
      all.map(({ system, name: resource, type }) => [`${system}/${resource}`, type]),
      terminal,
    ).forEach(terminal.out);
  }
}

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
