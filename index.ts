import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "./catalog/plan";
import { planOnce } from "./catalog/plan/once";
import { ProblemsError, throwProblems } from "./base/problems";
import {
  planSettings,
  readStackFile,
  requireSecrets,
  participatingPlans,
  type RunOverrides,
} from "./settings";
import { encryptionProblems } from "./settings/secret-settings";
import { malformedSecrets } from "./settings/secret-values";
import { engineSettings } from "./settings/engine";
import { systems } from "./stacks";
import type { ServiceImages } from "./targets/compose";
import { repoRoot } from "./tools/paths";
import { registerSecrets } from "./tools/redaction";

export interface ProgramOptions extends RunOverrides {
  /** Systems to which the run is limited. The others participate unless they lack a secret. @default - no limit */
  readonly only?: readonly string[];
  /** The only systems that participate, for a run whose resources are not targeted. @default - those in the settings */
  readonly systems?: readonly string[];
  /** Images of services on this machine that replace those of the checkout. @default {} */
  readonly images?: ServiceImages;
}

/**
 * The Pulumi program: derives plans from settings and systems, and creates the plans' resources. The command
 * `longshore` and a `pulumi` that is run by hand (index.cjs, cli/engine/by-hand.ts) call it for the same stack.
 */
export async function program(options: ProgramOptions = {}): Promise<Record<string, unknown>> {
  try {
    return await deploy(options);
  } catch (error) {
    // A problem in the user's input: with RunError the engine prints it without a stack trace.
    throw error instanceof ProblemsError ? new pulumi.RunError(error.message) : error;
  }
}

async function deploy({
  only = [],
  systems: participating,
  images = {},
  ...asked
}: ProgramOptions): Promise<Record<string, unknown>> {
  const { stack, values, source = "" } = readStackFile(repoRoot(), pulumi.getStack());
  // The engine passes decrypted values. Only the file shows which of them were encrypted.
  throwProblems(source, encryptionProblems(values, stack));
  const { settings, secretValue, plainValue, registryLogin, alertWebhook } = engineSettings(
    systems,
    registerSecrets,
  );
  const names = settings.systems.filter((name) => participating?.includes(name) ?? true);
  const all = names.map((name): Plan => {
    const definition = systems[name];
    if (!definition) {
      throw new Error(`internal: the settings let an unknown system pass: ${name}`);
    }
    return planOnce(definition, planSettings(settings, name, asked));
  });
  const plans = participatingPlans(all, settings, only);
  requireSecrets(plans, settings);
  throwProblems(
    `Pulumi.${settings.stack}.yaml`,
    plans.flatMap((plan) => malformedSecrets(plan, plainValue)),
  );
  const context = {
    settings,
    secretValue,
    only,
    ...(registryLogin && { registryLogin }),
    ...(alertWebhook && { alertWebhook }),
  };
  // Each target loads only its own SDKs: Google Cloud's SDK takes a quarter of a second, which local stacks save.
  switch (settings.target) {
    case "compose":
      return (await import("./targets/compose.js")).deployCompose(plans, { ...context, images });
    case "kubernetes":
      return (await import("./targets/cluster.js")).deployCluster(plans, context);
    case "gcp":
      return (await import("./targets/cloud.js")).deployCloud(plans, context);
  }
}
