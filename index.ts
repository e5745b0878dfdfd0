import * as pulumi from "@pulumi/pulumi";
import { planSystem, type Plan } from "./catalog/plan";
import { ProblemsError, throwProblems } from "./catalog/problems";
import { planSettings, readStackFile, requireSecrets, takingPart, type Asked } from "./settings";
import { encryptionProblems } from "./settings/secret-settings";
import { malformedSecrets } from "./settings/secret-values";
import { engineSettings } from "./settings/engine";
import { systems } from "./stacks";
import type { ServiceImages } from "./targets/compose";
import { repoRoot } from "./tools/paths";
import { registerSecrets } from "./tools/redaction";

export interface ProgramOptions extends Asked {
  /** The systems that the engine's targets are limited to. @default - no limit */
  readonly only?: readonly string[];
  /** Images that services on this machine run instead of the checkout's. @default {} */
  readonly images?: ServiceImages;
}

/**
 * The program: settings and systems become plans, plans become resources. `pulumi up` loads it through
 * index.cjs, and the command `longshore` runs this same function on the same stack.
 */
export async function program(options: ProgramOptions = {}): Promise<Record<string, unknown>> {
  try {
    return await deploy(options);
  } catch (error) {
    // A person's mistake, not ours: the engine then prints the problems without a stack trace.
    throw error instanceof ProblemsError ? new pulumi.RunError(error.message) : error;
  }
}

async function deploy({
  only = [],
  images = {},
  ...asked
}: ProgramOptions): Promise<Record<string, unknown>> {
  const { stack, values, source = "" } = readStackFile(repoRoot(), pulumi.getStack());
  // The engine hands over decrypted values; only the file shows which of them were encrypted.
  throwProblems(source, encryptionProblems(values, stack));
  const { settings, secretValue, plainValue, registryLogin, alertWebhook } = engineSettings(
    systems,
    registerSecrets,
  );
  const all = settings.systems.map((name): Plan => {
    const definition = systems[name];
    if (!definition) {
      throw new Error(`internal: the settings let an unknown system pass: ${name}`);
    }
    return planSystem(definition, planSettings(settings, name, asked));
  });
  const plans = takingPart(all, settings, only);
  requireSecrets(plans, settings);
  throwProblems(
    `Pulumi.${settings.stack}.yaml`,
    plans.flatMap((plan) => malformedSecrets(plan, plainValue)),
  );
  const context = {
    settings,
    secretValue,
    ...(registryLogin && { registryLogin }),
    ...(alertWebhook && { alertWebhook }),
  };
  // Each target loads its own SDKs: the local stack has no use for Google Cloud's quarter of a second.
  switch (settings.target) {
    case "compose":
      return (await import("./targets/compose.js")).deployCompose(plans, { ...context, images });
    case "kubernetes":
      return (await import("./targets/cluster.js")).deployCluster(plans, context);
    case "gcp":
      return (await import("./targets/cloud.js")).deployCloud(plans, context);
  }
}
