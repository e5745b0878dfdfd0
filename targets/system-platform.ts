import type * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { Plan, PlannedImage } from "../catalog/plan/types";
import type { BackupBucket } from "../components/backup-bucket";
import type { GkeCluster } from "../components/cluster";
import { UpstreamImage, type ImageArgs, type RegistryLogin } from "../components/image";
import { parseImageReference } from "../components/image-reference";
import type { Platform as ImagePlatform } from "../components/image.args";
import type { Network } from "../components/network";
import type { DescribeSource } from "../render/images/source-description";
import type { RegistryCredentials } from "../settings/engine";
import type { StackSettings } from "../settings/types";

/** Inputs of a deployment besides the plans. */
export interface CloudContext {
  readonly settings: StackSettings;
  /** Returns a secret in the stack's config, or `undefined` when it is not set. */
  readonly secretValue: (system: string, name: string) => pulumi.Output<string> | undefined;
  /** Registry credentials. @default - none in config */
  readonly registryLogin?: RegistryCredentials;
  /** Alert webhook. Target gcp. @default - none */
  readonly alertWebhook?: pulumi.Output<string>;
  /** The systems that this deployment is limited to. @default - all */
  readonly only?: readonly string[];
  /** Describes the sources of images. @default - reads the repository's files and history */
  readonly describeSource?: DescribeSource;
}

/** The registry for the images of an environment. */
export interface ImageRegistry {
  /** Returns the full name of an image without tag. */
  repository(...path: string[]): string;
  /** Returns the repository of an image's build cache. @default - no cache */
  cacheRepository?(...path: string[]): string;
  /** Platforms of the cluster's nodes. @default - both, as in `Image` */
  readonly platforms?: readonly ImagePlatform[];
  /** Registry credentials for pushing images. @default - credentials of the machine's Docker */
  readonly login?: RegistryLogin;
  /** Resources that must exist before an image is pushed. */
  readonly parts: readonly pulumi.Resource[];
}

/** What systems use of the resources that an environment shares on Google Cloud. */
export interface GooglePlatform {
  readonly project: string;
  readonly region: string;
  readonly google: gcp.Provider;
  readonly network: Network;
  readonly cluster: GkeCluster;
  /** Bucket for dumps. @default - no dumps */
  readonly backups: BackupBucket | undefined;
}

/** The platform that a system is deployed to. */
export interface SystemPlatform {
  /** Providers for all resources of a system. */
  readonly providers: readonly pulumi.ProviderResource[];
  readonly registry: ImageRegistry;
  /** Content of the Docker config with which pods pull. @default - nodes have their own credentials */
  readonly pullLogin?: pulumi.Output<string>;
  /** Google Cloud, with managed datastores and the load balancer. @default - a cluster elsewhere, without them */
  readonly google?: GooglePlatform;
}

/** Returns the lifecycle of the cluster and of everything in it. */
export function clusterLifecycle({ lifecycle, cluster }: StackSettings): StackSettings["lifecycle"] {
  return cluster.lifecycle ?? lifecycle;
}

/** Returns the common arguments of all images that are pushed. */
export function pushArgs({ platforms, login }: ImageRegistry): Pick<ImageArgs, "platforms" | "login"> {
  return { ...(platforms && { platforms }), ...(login && { login }) };
}

/**
 * Copies published images to the registry. Each is copied once, even if several systems use it. Returns them by their
 * published name.
 */
export function copyUpstreamImages(
  plans: readonly Plan[],
  { registry }: SystemPlatform,
  parent: pulumi.Resource,
): Map<string, UpstreamImage> {
  const references = plans.flatMap(({ images }) => images.flatMap(upstreamReference));
  return new Map(
    [...new Set(references)].sort().map((reference) => {
      const repository = parseImageReference(reference)?.repository.replace(/^library\//, "") ?? reference;
      const copy = new UpstreamImage(
        `upstream-${reference.replace(/[^a-z0-9]+/gi, "-")}`,
        {
          reference,
          repository: registry.repository("upstream", repository),
          ...pushArgs(registry),
        },
        { parent, dependsOn: [...registry.parts] },
      );
      return [reference, copy];
    }),
  );
}

function upstreamReference({ source }: PlannedImage): string[] {
  return source.kind === "upstream" ? [source.reference] : [];
}
