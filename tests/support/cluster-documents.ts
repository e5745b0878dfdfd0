import assert from "node:assert/strict";
import { join } from "node:path";
import { planSystem, type Plan } from "../../catalog/plan";
import type { Workload } from "../../catalog/plan/types";
import { backedUp, renderBackup } from "../../render/backup/objects";
import {
  googleOptions,
  renderKubernetes,
  type KubernetesObject,
  type KubernetesOptions,
} from "../../render/kubernetes";
import { loadStack, planSettings, readSettings, type StackSettings } from "../../settings";
import { systems } from "../../stacks";

const root = join(__dirname, "..", "..");
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** A public key of age. */
const RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/** The stacks of the checkout, and their environments on a cluster outside of Google Cloud. */
export const clusterStacks = (): StackSettings[] =>
  ["dev", "staging", "prod"].flatMap((stack) => [
    loadStack(root, stack, systems),
    readSettings({ stack, values: { target: "kubernetes", domain: "example.com" } }, systems),
  ]);

/** Kubernetes documents of one system. */
export interface ClusterDocuments {
  readonly plan: Plan;
  readonly objects: readonly KubernetesObject<string>[];
  /** Objects of the system's backups, if the stack keeps dumps, and the workloads that run them. */
  readonly backups: readonly KubernetesObject<string>[];
  readonly backupJobs: readonly Workload[];
}

/** Renders the documents of all systems of a stack, with every secret set and every image by digest. */
export function clusterDocuments(settings: StackSettings): ClusterDocuments[] {
  return settings.systems.map((system) => {
    const definition = systems[system] ?? assert.fail(system);
    const secretsSet = definition.secrets.map(({ name }) => name);
    const { backups } = settings;
    // With encrypted dumps, which are a setting of each installation.
    const encryptsDumps = backups !== undefined;
    const plan = planSystem(definition, { ...planSettings(settings, system), secretsSet, encryptsDumps });
    const options = optionsOf(plan, settings);
    const kept = backups ? backedUp(plan) : [];
    return {
      plan,
      objects: renderKubernetes(plan, options),
      backups: kept.flatMap((one) =>
        renderBackup(plan, options, one, {
          bucket: "dumps",
          schedule: backups?.schedule ?? "",
          retention: backups ?? { keepDays: 1, keepAtLeast: 1 },
          recipients: [RECIPIENT],
        }),
      ),
      backupJobs: kept.flatMap(({ dump, restore }) => [dump, restore]),
    };
  });
}

function optionsOf(plan: Plan, { target, lifecycle }: StackSettings): KubernetesOptions<string> {
  return {
    ...(target === "gcp" && { ...googleOptions(plan), ingress: { tlsSecret: null } }),
    imageReference: ({ name }) => `registry.example.com/${plan.system}/${name}@${DIGEST}`,
    datastoreRange: () => "192.0.2.1/32",
    requireDigests: plan.environment === "prod",
    lifecycle,
    resolver: {
      secret: (name) => `secret of ${name}`,
      host: () => "192.0.2.1",
      text: (parts) => parts.join(""),
    },
  };
}
