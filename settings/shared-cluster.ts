import { readdirSync } from "node:fs";
import type { Problem } from "../base/problems";
import { readStackFile } from "./file";
import type { StackSettings } from "./types";

/**
 * Reports systems that another stack of the checkout deploys to the same cluster. They would use the same namespaces,
 * and each deployment would revert the other.
 * @param root folder with the stack files
 */
export function checkSharedCluster(root: string, settings: StackSettings): Problem[] {
  const { context } = settings.cluster;
  if (settings.target !== "kubernetes" || context === undefined) {
    return [];
  }
  return otherStacks(root, settings.stack).flatMap((other) => {
    const shared = systemsOn(root, other, context, settings.systems);
    return shared.length === 0
      ? []
      : [
          {
            path: "cluster.context",
            message: `the stack ${other} deploys ${shared.join(", ")} to ${context} too, into the same namespaces`,
            fix: "choose another context, or other systems",
          },
        ];
  });
}

function otherStacks(root: string, stack: string): string[] {
  return readdirSync(root)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((name) => name !== stack)
    .sort();
}

/**
 * Returns the given systems that another stack deploys to a context. Unreadable files are reported for their own stack
 * only.
 */
function systemsOn(
  root: string,
  stack: string,
  context: string,
  systems: readonly string[],
): readonly string[] {
  try {
    const {
      target,
      cluster,
      systems: listed,
    } = readStackFile(root, stack).values as {
      readonly target?: unknown;
      readonly cluster?: { readonly context?: unknown };
      readonly systems?: readonly unknown[];
    };
    const isSame = target === "kubernetes" && cluster?.context === context;
    return isSame ? systems.filter((name) => listed?.includes(name) ?? true) : [];
  } catch {
    return [];
  }
}
