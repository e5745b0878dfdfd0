import type { StackSettings } from "../../settings";
import type { Runtime } from "../../operations/runtime";
import { chosen, loadSettingsLeniently } from "../support/plans";
import type { Terminal } from "../support/terminal";
import { survey, type MachineSurvey, type Survey } from "../compose/survey";
import { DockerRuntime } from "./docker";

/** What runs of a stack, and what can be done with it. */
export interface OpenStack extends Survey {
  readonly runtime: Runtime;
  /** What only a stack of this machine has. @default - the stack runs elsewhere */
  readonly machine?: MachineSurvey;
}

/** Looks at what runs of a stack, on this machine or in its cluster. @throws Failure */
export async function openStack(
  stack: string,
  only: readonly string[],
  terminal: Terminal,
): Promise<OpenStack> {
  const { settings } = loadSettingsLeniently(stack);
  if (settings.target === "compose") {
    const found = await survey(stack, only, nowhereElse, terminal);
    return { ...found, runtime: new DockerRuntime(found.engine, stack), machine: found };
  }
  // Loads the cluster's client, which commands on this machine do without.
  const { surveyCluster } = await import("./cluster.js");
  return surveyCluster(settings, chosen(settings, only), only);
}

/** A stack of this target has no other place. */
const nowhereElse = (_system: string, { stack }: StackSettings): string =>
  `bin/longshore status --stack ${stack}`;
