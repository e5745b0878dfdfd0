import * as pulumi from "@pulumi/pulumi";
import type { Plan, PlannedSecret, Workload } from "../catalog/plan/types";
import { throwProblems } from "../catalog/problems";
import { GeneratedSecret, type GeneratedSecretArgs } from "../components/generated-secret";
import { kubernetesObject } from "../components/kubernetes-object";
import { renderSecrets, type KubernetesObject, type KubernetesOptions } from "../render/kubernetes";
import { notSet, secretCommand } from "../settings/plan";
import type { CloudContext } from "./system-platform";

type Late = pulumi.Output<string>;

/** Values by name: from config where a person set them, else made by us where the catalog says so. */
export function provideSecrets(
  { system, secrets }: Plan,
  { secretValue, settings }: Pick<CloudContext, "secretValue" | "settings">,
  parent: pulumi.Resource,
): Map<string, Late> {
  const provide = ({ name, secret, generation, from, value }: PlannedSecret): Late | undefined => {
    const given = secretValue(system, name);
    if (given || from === "config" || value.kind === "tls") {
      return given && pulumi.secret(given);
    }
    const args = { ...generatorOf(value), length: value.length, generation };
    return new GeneratedSecret(slotOf(`${system}-${secret}`, generation), args, { parent }).value;
  };
  const ours = secrets.filter(({ from }) => from !== "service");
  const provided = ours.map((secret) => ({ secret, value: provide(secret) }));
  const missing = provided.filter(({ value }) => value === undefined);
  throwProblems(
    `Pulumi.${settings.stack}.yaml`,
    missing.map(({ secret }) => ({
      path: `${system}.secrets.${secret.name}`,
      message: notSet(secret),
      fix: `run: ${secretCommand(system, secret.name, secret.from, settings.stack)}`,
    })),
  );
  return new Map(provided.flatMap(({ secret, value }) => (value ? [[secret.name, value] as const] : [])));
}

function generatorOf(value: PlannedSecret["value"]): Pick<GeneratedSecretArgs, "kind" | "alphabet"> {
  if (value.kind === "hex") {
    return { kind: "hex" };
  }
  return value.kind === "text" && value.alphabet !== undefined ? { alphabet: value.alphabet } : {};
}

/**
 * Up to three values of a secret are there at once: the previous, the one in use, the next. Each keeps its place until
 * the third one after it takes that, so that a new generation replaces one value and keeps the others.
 */
function slotOf(name: string, generation: number): string {
  const slot = (generation - 1) % 3;
  return slot === 0 ? name : `${name}.${slot + 1}`;
}

/** The Secrets of a system's workloads. @returns their names, as the pods' specifications need them */
export function createSecrets(
  plan: Plan,
  options: KubernetesOptions<Late>,
  namespace: pulumi.Resource,
  parent: pulumi.Resource,
): (workload: Workload) => Late {
  const names = new Map(
    renderSecrets(plan, options).map(({ workload, secret }) => {
      const opts = { parent, dependsOn: [namespace] };
      if (workload.secretFiles.every(({ live }) => live)) {
        // The cluster brings a new content to the running pods; under another name it would replace them.
        kubernetesObject(resourceName(plan, workload), secret, opts);
        return [workload.name, pulumi.output(secret.metadata.name)];
      }
      return [workload.name, createSecret(plan, workload, secret, opts)];
    }),
  );
  return ({ name }) => names.get(name) ?? pulumi.output(`${name}-secrets`);
}

/**
 * A workload's Secret under a generated name: a changed value is a new Secret, so that exactly the pods that use it are
 * replaced, one at a time, while the others keep what they have. @returns the name
 */
export function createSecret(
  plan: Plan,
  workload: Workload,
  secret: KubernetesObject<Late>,
  opts: pulumi.CustomResourceOptions,
): Late {
  const { name: _generated, ...metadata } = secret.metadata;
  const resource = kubernetesObject(
    resourceName(plan, workload),
    { ...secret, metadata },
    opts,
  ) as pulumi.CustomResource & { metadata: pulumi.Output<{ name: string }> };
  return resource.metadata.name;
}

const resourceName = ({ system }: Plan, { name }: Workload): string => `${system}-${name}-secrets`;
