import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan, PlannedImage } from "../catalog/plan/types";
import { ProblemsError } from "../catalog/problems";
import { GkeCluster } from "../components/cluster";
import { Component } from "../components/component";
import { Network } from "../components/network";
import { ProjectServices } from "../components/project-services";
import { Registry } from "../components/registry";
import { gcrHost } from "../components/registry.spec";
import { UpstreamImage } from "../components/image";
import { parseImageReference } from "../components/image-reference";
import { remembered, sourcesIn, type DescribeSource } from "../render/images/source-description";
import type { StackSettings } from "../settings/types";
import { repoRoot } from "../tools/paths";
import { CloudSystem } from "./cloud-system";

/** What the program knows beside the plans. */
export interface CloudContext {
  readonly settings: StackSettings;
  /** A secret's value from the stack's config, or `undefined` when it is not set. */
  readonly secretValue: (system: string, name: string) => pulumi.Output<string> | undefined;
  /** @default - read from the repository's files and history */
  readonly describeSource?: DescribeSource;
}

export interface CloudEnvironment {
  readonly platform: Platform;
  /** By name. */
  readonly systems: ReadonlyMap<string, CloudSystem>;
}

/** Deploys an environment on Google Cloud. Returns what an operator wants to know about it. */
export function deployCloud(plans: readonly Plan[], context: CloudContext): Record<string, unknown> {
  const { platform, systems } = createCloud(plans, context);
  return {
    cluster: platform.cluster.cluster.name,
    registry: platform.registry.repository(),
    systems: Object.fromEntries(
      [...systems].map(([name, { url, ingress }]) => [name, { url, address: ingress?.address.address }]),
    ),
  };
}

/** Creates what all systems share, then each system. */
export function createCloud(plans: readonly Plan[], context: CloudContext): CloudEnvironment {
  const platform = new Platform(context.settings);
  const upstream = copyUpstreamImages(plans, platform);
  const describeSource = remembered(context.describeSource ?? sourcesIn(repoRoot()));
  const shared = { ...context, describeSource, platform, upstream };
  return { platform, systems: new Map(plans.map((plan) => [plan.system, new CloudSystem(plan, shared)])) };
}

function googleCloud({ stack, target, gcp: place }: StackSettings): { project: string; region: string } {
  if (target === "gcp" && place) {
    return place;
  }
  throw new ProblemsError(`Pulumi.${stack}.yaml`, [
    {
      path: "target",
      message: `${target} cannot be deployed by this version`,
      fix: `use gcp, or apply the files of: longshore render kubernetes --stack ${stack}`,
    },
  ]);
}

const APIS = [
  "artifactregistry",
  "compute",
  "container",
  "iam",
  "managedkafka",
  "redis",
  "servicenetworking",
  "sqladmin",
];

/** What the systems of an environment share: registry, network, cluster. */
export class Platform extends Component {
  readonly project: string;
  readonly region: string;
  readonly google: gcp.Provider;
  readonly registry: Registry;
  readonly network: Network;
  readonly cluster: GkeCluster;

  /** @throws ProblemsError when the stack is not one on Google Cloud */
  constructor(settings: StackSettings) {
    super("longshore:platform:Platform", "platform");
    const { project, region } = googleCloud(settings);
    const { lifecycle, environment } = settings;
    this.project = project;
    this.region = region;
    this.google = new gcp.Provider(
      "google",
      { project, region, defaultLabels: { environment, "managed-by": "longshore" } },
      { parent: this },
    );

    const within = { parent: this, providers: [this.google] };
    const { services } = new ProjectServices("apis", { project, services: APIS }, within);
    const afterApis = { ...within, dependsOn: [...services] };
    this.registry = new Registry("registry", { project, host: gcrHost(region), lifecycle }, afterApis);
    this.network = new Network("network", { region }, afterApis);
    this.cluster = new GkeCluster(
      "cluster",
      {
        project,
        region,
        lifecycle,
        mode: settings.cluster.mode,
        network: this.network,
        registry: this.registry,
        nodeAccountId: `longshore-${settings.stack}`.slice(0, 24).replace(/-+$/, "") + "-nodes",
      },
      afterApis,
    );
    this.registerOutputs({});
  }
}

/** Copies of published images by their published name, each made once however many systems use it. */
function copyUpstreamImages(plans: readonly Plan[], { registry }: Platform): Map<string, UpstreamImage> {
  const references = plans.flatMap(({ images }) => images.flatMap(upstreamReference));
  return new Map(
    [...new Set(references)].sort().map((reference) => {
      const repository = parseImageReference(reference)?.repository.replace(/^library\//, "") ?? reference;
      const copy = new UpstreamImage(
        `upstream-${reference.replace(/[^a-z0-9]+/gi, "-")}`,
        { reference, repository: registry.repository("upstream", repository) },
        { parent: registry, dependsOn: [registry.images] },
      );
      return [reference, copy];
    }),
  );
}

function upstreamReference({ source }: PlannedImage): string[] {
  return source.kind === "upstream" ? [source.reference] : [];
}
