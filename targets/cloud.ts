import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../catalog/plan/types";
import { ProblemsError } from "../base/problems";
import { BackupBucket } from "../components/backup-bucket";
import { GkeCluster } from "../components/cluster";
import { Component } from "../components/component";
import { LogArchive } from "../components/log-archive";
import { Network } from "../components/network";
import { ProjectServices } from "../components/project-services";
import { Registry } from "../components/registry";
import { gcrHost } from "../components/registry.args";
import { remembered, sourcesIn } from "../render/images/source-description";
import type { StackSettings } from "../settings/types";
import { repoRoot } from "../tools/paths";
import { KubernetesSystem } from "./kubernetes-system";
import {
  clusterLifecycle,
  copyUpstreamImages,
  type CloudContext,
  type GooglePlatform,
  type SystemPlatform,
} from "./system-platform";
import { watchCluster } from "./monitoring";

export type { CloudContext } from "./system-platform";

export interface CloudEnvironment {
  readonly platform: Platform;
  /** Systems by name. */
  readonly systems: ReadonlyMap<string, KubernetesSystem>;
}

/** Deploys an environment on Google Cloud. Returns the outputs for operators. */
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

/** Creates the shared resources, then each system. */
export function createCloud(plans: readonly Plan[], context: CloudContext): CloudEnvironment {
  const platform = new Platform(context);
  const place = systemPlatform(platform, context.settings);
  const upstream = copyUpstreamImages(plans, place, platform.registry);
  const describeSource = remembered(context.describeSource ?? sourcesIn(repoRoot()));
  const shared = { ...context, describeSource, platform: place, upstream };
  const systems = new Map(plans.map((plan) => [plan.system, new KubernetesSystem(plan, shared)]));
  // A limited deployment has not created the workloads of other systems, perhaps never.
  const { only = [] } = context;
  const running = [...systems].flatMap(([name, system]) =>
    only.length === 0 || only.includes(name) ? system.controllers() : [],
  );
  watchCluster(platform.cluster, running, context.alertWebhook);
  return { platform, systems };
}

/** Returns the platform interface of Google Cloud for a system. */
function systemPlatform(platform: Platform, { platforms }: StackSettings): SystemPlatform {
  const { google, cluster, registry } = platform;
  return {
    providers: [google, cluster.provider],
    registry: {
      repository: (...path) => registry.repository(...path),
      cacheRepository: (...path) => registry.cacheRepository(...path),
      ...(platforms && { platforms }),
      parts: [registry.images, registry.cache],
    },
    google: platform,
  };
}

function googleCloud({ stack, target, gcp: place }: StackSettings): { project: string; region: string } {
  if (target === "gcp" && place) {
    return place;
  }
  throw new ProblemsError(`Pulumi.${stack}.yaml`, [
    { path: "target", message: `expected gcp, got ${target}`, fix: "this is the program for Google Cloud" },
  ]);
}

/**
 * APIs of the resources, and those that these call in turn: GKE exchanges tokens of workloads (iamcredentials), managed Kafka
 * creates DNS names (dns), Artifact Registry scans images (containerscanning). Enabling any API requires
 * cloudresourcemanager, which must therefore be enabled before the first deployment.
 */
const APIS = [
  "artifactregistry",
  "cloudresourcemanager",
  "compute",
  "container",
  "containerscanning",
  "dns",
  "iam",
  "iamcredentials",
  "logging",
  "managedkafka",
  "monitoring",
  "redis",
  "servicenetworking",
  "sqladmin",
  "storage",
];

/** The resources that the systems of an environment share: registry, network, cluster. */
export class Platform extends Component implements GooglePlatform {
  readonly project: string;
  readonly region: string;
  readonly google: gcp.Provider;
  readonly registry: Registry;
  readonly network: Network;
  readonly cluster: GkeCluster;
  /** Bucket for dumps. @default - no dumps */
  readonly backups: BackupBucket | undefined;

  /**
   * Creates the shared resources.
   * @throws ProblemsError when the stack's target is not Google Cloud
   */
  constructor({ settings }: Pick<CloudContext, "settings">) {
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
        lifecycle: clusterLifecycle(settings),
        mode: settings.cluster.mode,
        ...(settings.cluster.pools && { pools: settings.cluster.pools }),
        network: this.network,
        registry: this.registry,
        nodeAccountId: `longshore-${settings.stack}`.slice(0, 24).replace(/-+$/, "") + "-nodes",
      },
      afterApis,
    );
    const { backups } = settings;
    if (backups?.recipients.length === 0) {
      void pulumi.log.warn(
        "backups.recipients: expected the public key that dumps in the bucket are encrypted for, got nothing; " +
          `fix: bin/longshore secrets generate --stack ${settings.stack}`,
      );
    }
    this.backups =
      backups && new BackupBucket("backups", { project, lifecycle, location: backups.location }, afterApis);
    this.keepLogs(settings, afterApis);
    this.registerOutputs({});
  }

  /** Keeps logs for 90 days in environments that retain data. Others use the project's default of 30 days. */
  private keepLogs({ stack, lifecycle }: StackSettings, opts: pulumi.ComponentResourceOptions): void {
    const { project, region, cluster } = this;
    if (lifecycle === "retain") {
      const place = { project, location: region, bucketId: `longshore-${stack}` };
      new LogArchive("logs", { ...place, cluster: cluster.cluster.name }, opts);
    }
  }
}
