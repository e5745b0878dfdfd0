import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../catalog/plan/types";
import { throwProblems, type Problem } from "../base/problems";
import { Component } from "../components/component";
import type { RegistryLogin } from "../components/image";
import { parseImageReference } from "../components/image-reference";
import { remembered, sourcesIn } from "../render/images/source-description";
import type { StackSettings } from "../settings/types";
import { repoRoot } from "../tools/paths";
import { KubernetesSystem } from "./kubernetes-system";
import {
  copyUpstreamImages,
  type CloudContext,
  type ImageRegistry,
  type SystemPlatform,
} from "./system-platform";

/**
 * Deploys an environment on an existing cluster. Images are pushed to the registry in the settings; each system,
 * including its datastores, runs in its own namespace. Returns the outputs for operators.
 * @throws ProblemsError when the settings lack the cluster or the registry
 */
export function deployCluster(plans: readonly Plan[], context: CloudContext): Record<string, unknown> {
  const platform = new ClusterPlatform(context);
  const upstream = copyUpstreamImages(plans, platform, platform);
  const describeSource = remembered(context.describeSource ?? sourcesIn(repoRoot()));
  const shared = { ...context, describeSource, platform, upstream };
  const systems = plans.map((plan) => [plan.system, new KubernetesSystem(plan, shared)] as const);
  return {
    cluster: platform.context,
    registry: platform.registry.repository(),
    systems: Object.fromEntries(systems.map(([name, { url }]) => [name, { url }])),
  };
}

/** The resources that systems share on an existing cluster: the provider and a registry. */
class ClusterPlatform extends Component implements SystemPlatform {
  readonly context: string;
  readonly registry: ImageRegistry;
  readonly pullLogin?: pulumi.Output<string>;
  readonly providers: readonly kubernetes.Provider[];

  constructor({ settings, registryLogin }: CloudContext) {
    super("longshore:platform:Platform", "platform");
    const { context, registry } = placeOf(settings);
    this.context = context;
    const { platforms } = settings;
    const login = registryLogin && { address: hostOf(registry), ...registryLogin };
    this.registry = {
      repository: (...path) => [registry, ...path].join("/"),
      ...(platforms && { platforms }),
      ...(login && { login }),
      parts: [],
    };
    if (login) {
      this.pullLogin = dockerConfig(login);
    }
    this.providers = [
      // The provider reads the user's kubeconfig, from $KUBECONFIG or the home folder.
      new kubernetes.Provider("cluster", { context, enableServerSideApply: true }, { parent: this }),
    ];
    this.registerOutputs({});
  }
}

/** Returns the registry's host. Without a host, Docker uses its default registry. */
function hostOf(registry: string): string {
  return parseImageReference(registry)?.registry ?? registry;
}

/** Returns a Docker config in the format of `kubectl create secret docker-registry`. */
function dockerConfig({ address, username, password }: RegistryLogin): pulumi.Output<string> {
  return pulumi.all([username, password]).apply(([name, word]) => {
    const auth = Buffer.from(`${name}:${word}`).toString("base64");
    return JSON.stringify({ auths: { [address]: { username: name, password: word, auth } } });
  });
}

function placeOf({ stack, cluster, registry }: StackSettings): { context: string; registry: string } {
  const problems: Problem[] = [];
  if (cluster.context === undefined) {
    problems.push({
      path: "cluster.context",
      message: "not set, and a deployment must not go to whatever cluster is current",
      fix: `name a context of your kubeconfig: pulumi config set --stack ${stack} --path longshore:cluster.context CONTEXT`,
    });
  }
  if (registry === undefined) {
    problems.push({
      path: "registry",
      message: "not set, and the cluster has to pull the images from somewhere",
      fix: `run: pulumi config set --stack ${stack} longshore:registry HOST/PATH`,
    });
  }
  throwProblems(`Pulumi.${stack}.yaml`, problems);
  return { context: cluster.context ?? "", registry: registry ?? "" };
}
