import type * as pulumi from "@pulumi/pulumi";
import type { Plan, PlannedImage } from "../catalog/plan/types";
import { UpstreamImage, type ImageArgs, type RegistryLogin } from "../components/image";
import { parseImageReference } from "../components/image-reference";
import type { Platform as ImagePlatform } from "../components/image.args";
import type { DescribeSource } from "../render/images/source-description";
import type { RegistryCredentials } from "../settings/engine";
import type { StackSettings } from "../settings/types";
import type { Platform } from "./cloud";

/** What the program knows beside the plans. */
export interface CloudContext {
  readonly settings: StackSettings;
  /** A secret's value from the stack's config, or `undefined` when it is not set. */
  readonly secretValue: (system: string, name: string) => pulumi.Output<string> | undefined;
  /** @default - config holds none */
  readonly registryLogin?: RegistryCredentials;
  /** Where alerts are sent. Target gcp. @default - nowhere */
  readonly alertWebhook?: pulumi.Output<string>;
  /** @default - read from the repository's files and history */
  readonly describeSource?: DescribeSource;
}

/** Where images of an environment are pushed. */
export interface ImageRegistry {
  /** Full name of an image without tag. */
  repository(...path: string[]): string;
  /** Where the build cache of an image goes. @default - no cache */
  cacheRepository?(...path: string[]): string;
  /** What the cluster's nodes run. @default - both, as `Image` has it */
  readonly platforms?: readonly ImagePlatform[];
  /** Registry credentials for pushing images. @default - credentials of the machine's Docker */
  readonly login?: RegistryLogin;
  /** What must be there before something is pushed. */
  readonly parts: readonly pulumi.Resource[];
}

/** What a system needs of the place that it is deployed to. */
export interface SystemPlatform {
  /** Providers of everything below a system. */
  readonly providers: readonly pulumi.ProviderResource[];
  readonly registry: ImageRegistry;
  /** Content of the Docker config with which pods pull. @default - nodes can pull by themselves */
  readonly pullLogin?: pulumi.Output<string>;
  /** Where managed datastores and the load balancer are. @default - a cluster elsewhere, which has neither */
  readonly google?: Platform;
}

/** What all images that go to a registry have in common. */
export function pushArgs({ platforms, login }: ImageRegistry): Pick<ImageArgs, "platforms" | "login"> {
  return { ...(platforms && { platforms }), ...(login && { login }) };
}

/** Copies of published images by their published name, each made once however many systems use it. */
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
