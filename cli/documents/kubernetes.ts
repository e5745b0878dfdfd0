import type { Plan, Workload } from "../../catalog/plan";
import type { Resolver } from "../../catalog/plan/resolve";
import { IDENTITY_ANNOTATION } from "../../components/identity.args";
import { localImage } from "../../render/images/image-tag";
import { hashesIn, type HashSource } from "../../render/images/source-description";
import { googleOptions, renderKubernetes, type KubernetesOptions } from "../../render/kubernetes";
import type { StackSettings } from "../../settings";
import { repoRoot } from "../../tools/paths";
import { yamlStream } from "../../yaml/write";

/** Renders a plan's objects as one YAML stream, with placeholders for values known only at deployment. */
export function kubernetesDocument(
  plan: Plan,
  settings: Pick<StackSettings, "target" | "lifecycle" | "registryLogin">,
): string {
  return yamlStream(renderKubernetes(plan, kubernetesOptions(plan, settings)));
}

/** The rendering options of `up`, with placeholders for values known only at deployment. */
export function kubernetesOptions(
  plan: Plan,
  { target, lifecycle, registryLogin }: Pick<StackSettings, "target" | "lifecycle" | "registryLogin">,
  hashOf: HashSource = hashesIn(repoRoot()),
): KubernetesOptions<string> {
  return {
    ...(target === "gcp" && {
      ...googleOptions(plan),
      ingress: { tlsSecret: null },
      accountAnnotations: ({ name, roles }: Workload): Record<string, string> =>
        roles ? { [IDENTITY_ANNOTATION]: `<account of ${plan.system}.${name}>` } : {},
    }),
    ...(registryLogin && { pullLogin: "<login of the registry>" }),
    resolver: placeholders(plan),
    imageReference: (image) => localImage(hashOf, plan, image),
    imageVersion: ({ source }) => (source.kind === "build" ? hashOf(source, plan) : source.reference),
    datastoreRange: () => `${PLACEHOLDER_ADDRESS}/32`,
    lifecycle,
  };
}

/** An address reserved for documentation (RFC 5737). */
export const PLACEHOLDER_ADDRESS = "192.0.2.1";

function placeholders(plan: Plan): Resolver<string> {
  return {
    secret: (name) => `<secret ${plan.system}.${name}>`,
    host: () => PLACEHOLDER_ADDRESS,
    text: (parts) => parts.join(""),
  };
}
