import { join } from "node:path";
import type { Environment } from "../../catalog/choices";
import { planSystem, type Plan, type PlannedImage, type PlanSettings } from "../../catalog/plan";
import type { SystemDefinition } from "../../catalog/types";
import { renderCompose } from "../../render/compose";
import { renderKubernetes } from "../../render/kubernetes";
import { loadStack, planSettings } from "../../settings";
import { systems } from "../../stacks";
import { yamlText } from "../../yaml/write";
import type { Documents } from "./document-differences";

const root = join(__dirname, "..", "..");

/** Tags follow the sources; here a fixed one stands for them. */
const imageReference = (system: string) => (image: PlannedImage) =>
  image.source.kind === "build" ? `${system}/${image.name}:src-000000000000` : image.source.reference;

/** The Compose documents of a system in an environment: `compose.yaml` and its configuration files, with every profile. */
export function composeDocuments(definition: SystemDefinition, environment: Environment): Documents {
  const { name } = definition;
  const plan = planSystem(definition, {
    environment,
    target: "compose",
    secretsSet: definition.secrets.map((secret) => secret.name),
    profiles: "all",
    // As stacks of these environments have it.
    ...(["staging", "prod"].includes(environment) && { monitoring: { scrapeSeconds: 15 } }),
  });
  const { document, files } = renderCompose(plan, {
    project: `${name}-${environment}`,
    edgePort: 8080,
    imageReference: imageReference(name),
    sharedNetwork: (shared) => `monitoring-${environment}_${shared}`,
  });
  return new Map([["compose.yaml", yamlText(document)], ...Object.entries(files)]);
}

/** The plan of a system as one of this repository's stacks has it. */
export function planOfStack(
  definition: SystemDefinition,
  stack: string,
  options: Partial<PlanSettings> = {},
): Plan {
  const settings = loadStack(root, stack, systems);
  const secretsSet = definition.secrets.map((secret) => secret.name);
  return planSystem(definition, { ...planSettings(settings, definition.name), secretsSet, ...options });
}

/** The Kubernetes objects of a plan, with words in the place of secrets and addresses. */
export function kubernetesObjects(plan: Plan) {
  return renderKubernetes<string>(plan, {
    imageReference: imageReference(plan.system),
    datastoreRange: () => "192.0.2.1/32",
    resolver: {
      secret: (secret) => `<secret ${secret}>`,
      host: () => "192.0.2.1",
      text: (parts) => parts.join(""),
    },
  });
}

/** Whether a system runs on clusters. */
export function runsOnClusters({ targets }: SystemDefinition): boolean {
  return targets?.includes("kubernetes") ?? true;
}
