import { baseImage } from "../../catalog/build-graph";
import type { Plan, PlannedImage } from "../../catalog/plan/types";
import { compareText } from "../../base/problems";
import type { BuildSource } from "../../catalog/types";
import { localRepository, tagOf } from "../images/image-tag";
import type { SourceDescription } from "../images/source-description";
import { bakeTarget, escapeTemplates, type BakeDocument, type BakeTarget } from "./document";

export type { BakeDocument, BakeTarget } from "./document";
export { bakeTarget } from "./document";

export interface BakeOptions {
  /** Root of the repository, the base of build contexts. */
  readonly root: string;
  /** Describes the sources of an image. */
  readonly describe: (source: BuildSource, plan: Pick<Plan, "images">) => SourceDescription;
  /** Version in the images' labels, and an additional tag. @default - the content tag */
  readonly version?: string;
  /** Whether to skip the unit tests during the build. @default false */
  readonly skipTests?: boolean;
  /** Platforms to build for. @default - the builder's own */
  readonly platforms?: readonly string[];
  /** Where images are pushed. @default - images are loaded into Docker on this machine */
  readonly push?: PushOptions;
  /**
   * Folder in which each image is stored as an OCI layout, named after its target and identical to a pushed image.
   * @default - none
   */
  readonly layouts?: string;
  /** Prefix that separates cache mounts from those of other builds. @default - cache mounts are shared */
  readonly cacheMounts?: string;
}

export interface PushOptions {
  /** Returns the full name of an image, without tag. */
  repository(system: string, image: string): string;
  /** Returns the repository of the build cache, without tag. @default - only the builder's own cache */
  cacheRepository?(system: string, image: string): string;
  /** Whether to attach provenance and an SBOM to each image. @default true */
  readonly attest?: boolean;
}

/**
 * Timestamp of pushed images and their files, in seconds: 1980, the earliest that archives support. BuildKit only
 * lowers timestamps, and layers from a cache may be older than the newest commit. With the commit's time, a digest
 * would depend on when its layers were first built. The labels contain the time of the sources.
 */
const EPOCH = 315_532_800;

/**
 * Renders the images of the plans as one buildx bake document. All builds use it, local or for a registry. Pure: the
 * same plans and sources give the same document.
 */
export function renderBake(plans: readonly Plan[], options: BakeOptions): BakeDocument {
  const sorted = [...plans].sort((a, b) => compareText(a.system, b.system));
  const targets = sorted.flatMap((plan) =>
    builtImages(plan).map(({ name, source }): [string, BakeTarget] => [
      bakeTarget(plan.system, name),
      targetOf(plan, name, source, options),
    ]),
  );
  const groups = sorted.map((plan): [string, { targets: string[] }] => [
    plan.system,
    { targets: builtImages(plan).map(({ name }) => bakeTarget(plan.system, name)) },
  ]);
  return escapeTemplates({
    group: { default: { targets: groups.map(([name]) => name) }, ...Object.fromEntries(groups) },
    target: Object.fromEntries(targets),
  });
}

type BuiltImage = PlannedImage & { readonly source: BuildSource };

function builtImages({ images }: Plan): BuiltImage[] {
  return images.filter((image): image is BuiltImage => image.source.kind === "build");
}

function targetOf(plan: Plan, name: string, source: BuildSource, options: BakeOptions): BakeTarget {
  const { root, describe, skipTests = false, platforms, push, layouts, cacheMounts } = options;
  const { hash, revision, created } = describe(source, plan);
  const { version = tagOf(hash) } = options;
  const repository = push?.repository(plan.system, name) ?? localRepository(plan.system, name);
  const contexts = contextsOf(plan, source, root);
  return {
    context: `${root}/${source.context}`,
    dockerfile: source.dockerfile,
    ...(source.target !== undefined && { target: source.target }),
    ...(contexts && { contexts }),
    args: {
      ...source.args,
      VERSION: version,
      ...(created !== undefined && { BUILD_DATE: created }),
      ...(revision !== undefined && { VCS_REF: revision }),
      ...(skipTests && { SKIP_TESTS: "1" }),
      ...((push ?? layouts) !== undefined && { SOURCE_DATE_EPOCH: String(EPOCH) }),
      ...(cacheMounts !== undefined && { BUILDKIT_CACHE_MOUNT_NS: cacheMounts }),
    },
    labels: {
      "org.opencontainers.image.version": version,
      ...(created !== undefined && { "org.opencontainers.image.created": created }),
      ...(revision !== undefined && { "org.opencontainers.image.revision": revision }),
    },
    tags: [...new Set([tagOf(hash), options.version ?? tagOf(hash)])].map((tag) => `${repository}:${tag}`),
    ...(platforms && { platforms }),
    ...destination(plan.system, name, options),
  };
}

function contextsOf(plan: Plan, source: BuildSource, root: string): Record<string, string> | undefined {
  const named = Object.entries(source.contexts ?? {}).map(([key, context]): [string, string] => {
    if (context.kind === "folder") {
      return [key, `${root}/${context.path}`];
    }
    const base = baseImage(context.image, plan.images);
    return base.source.kind === "upstream"
      ? [key, `docker-image://${base.source.reference}`]
      : [key, `target:${bakeTarget(plan.system, base.name)}`];
  });
  return named.length === 0 ? undefined : Object.fromEntries(named.sort(([a], [b]) => compareText(a, b)));
}

const NO_PROVENANCE = "type=provenance,disabled=true";
/** Output options that determine the digest of a pushed image. */
const AS_PUSHED = "oci-mediatypes=true,rewrite-timestamp=true";

/** Returns the output, cache and attestations of an image. */
function destination(
  system: string,
  name: string,
  { push, layouts, platforms = [] }: BakeOptions,
): Pick<BakeTarget, "attest" | "cache-from" | "cache-to" | "output"> {
  if (layouts !== undefined) {
    const folder = `${layouts}/${bakeTarget(system, name)}`;
    return { attest: [NO_PROVENANCE], output: [`type=oci,tar=false,dest=${folder},${AS_PUSHED}`] };
  }
  if (!push) {
    // Docker unpacks loaded images, which makes it impossible to rewrite timestamps: layers differ between builds.
    return { attest: [NO_PROVENANCE], output: ["type=docker"] };
  }
  const cache = push.cacheRepository?.(system, name);
  const references = cache === undefined ? [] : cacheReferences(cache, platforms);
  return {
    attest: (push.attest ?? true) ? ["type=provenance,mode=max", "type=sbom"] : [NO_PROVENANCE],
    ...(references.length > 0 && {
      "cache-from": references.map((ref) => `type=registry,ref=${ref}`),
      "cache-to": references.map(
        (ref) => `type=registry,ref=${ref},mode=max,image-manifest=true,oci-mediatypes=true`,
      ),
    }),
    output: [`type=image,push=true,store=false,${AS_PUSHED}`],
  };
}

/**
 * Returns the cache references of an image: one tag per platform, because exports to the same tag overwrite each other.
 */
export function cacheReferences(repository: string, platforms: readonly string[]): string[] {
  const tags = platforms.length === 0 ? ["native"] : platforms.map((one) => one.replaceAll("/", "-"));
  return tags.map((tag) => `${repository}:${tag}`);
}
