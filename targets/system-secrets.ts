import * as pulumi from "@pulumi/pulumi";
import type { Plan, PlannedSecret, Workload } from "../catalog/plan/types";
import { throwProblems } from "../base/problems";
import { GeneratedSecret, type GeneratedSecretArgs } from "../components/generated-secret";
import { kubernetesObject } from "../components/kubernetes-object";
import { renderSecrets, type KubernetesObject, type KubernetesOptions } from "../render/kubernetes";
import { notSet, secretCommand } from "../settings/plan";
import type { CloudContext } from "./system-platform";

type Late = pulumi.Output<string>;

/** Provides secret values by name: from config if set, otherwise generated if the catalog permits it. */
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
 * Returns the resource name of a generated value. Up to three values of a secret exist at once: previous, current and
 * next. Generations share three slots in turn, so that a new generation replaces one value and keeps the others.
 */
function slotOf(name: string, generation: number): string {
  const slot = (generation - 1) % 3;
  return slot === 0 ? name : `${name}.${slot + 1}`;
}

/** Creates the Secrets of a system's workloads. Returns their names for the pods' specifications. */
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
        // Running pods receive a changed content under the same name. A new name would replace the pods.
        kubernetesObject(resourceName(plan, workload), secret, opts);
        return [workload.name, pulumi.output(secret.metadata.name)];
      }
      return [workload.name, createSecret(plan, workload, secret, opts)];
    }),
  );
  return ({ name }) => names.get(name) ?? pulumi.output(`${name}-secrets`);
}

/**
 * Creates a workload's Secret under a generated name. A changed value creates a new Secret, so that only the pods that
 * use it are replaced, one at a time. Returns the name.
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
