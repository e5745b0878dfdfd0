import { gcrHost, registrySpec } from "../../components/registry.args";
import type { PushOptions } from "../../render/bake";
import type { StackSettings } from "../../settings";
import { usage } from "../support/failure";

/** Returns the names of a stack's images in its registry. @throws Failure if the stack has no registry */
export function registryOf({
  stack,
  registry,
  gcp,
}: StackSettings): PushOptions & { readonly prefix: string } {
  const prefixes = registry === undefined ? gcp && googlePrefixes(gcp) : prefixesIn(registry);
  if (!prefixes) {
    throw usage(
      `stack ${stack} has no registry to push to; set one: ` +
        `pulumi config set --stack ${stack} longshore:registry HOST/PATH`,
    );
  }
  return {
    prefix: prefixes.images,
    repository: (system, image) => `${prefixes.images}/${system}/${image}`,
    cacheRepository: (system, image) => `${prefixes.cache}/${system}/${image}`,
  };
}

function prefixesIn(registry: string) {
  return { images: registry, cache: `${registry}/build-cache` };
}

function googlePrefixes({ project, region }: NonNullable<StackSettings["gcp"]>) {
  const { images, cache } = registrySpec({ project, host: gcrHost(region) });
  return { images: images.prefix, cache: cache.prefix };
}
