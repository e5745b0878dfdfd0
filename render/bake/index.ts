import { baseImage } from "../../catalog/build-graph";
import type { Plan, PlannedImage } from "../../catalog/plan/types";
import { compareText } from "../../catalog/problems";
import type { BuildSource } from "../../catalog/types";
import { localRepository, tagOf } from "../images/image-tag";
import type { SourceDescription } from "../images/source-description";
import { bakeTarget, escapeTemplates, type BakeDocument, type BakeTarget } from "./document";

export type { BakeDocument, BakeTarget } from "./document";
export { bakeTarget } from "./document";

export interface BakeOptions {
  /** The repository, which contexts are below. */
  readonly root: string;
  /** What an image is made from. */
  readonly describe: (source: BuildSource, plan: Pick<Plan, "images">) => SourceDescription;
  /** What the images say their version is, and a second tag. @default - the tag of their sources */
  readonly version?: string;
  /** Builds without running the unit tests. @default false */
  readonly skipTests?: boolean;
  /** @default - the builder's own */
  readonly platforms?: readonly string[];
  /** Where images are pushed. @default - they are loaded into this machine's engine */
  readonly push?: PushOptions;
  /** A folder: each image becomes an OCI layout in it, named like its target, as it would be pushed. @default - none */
  readonly layouts?: string;
  /** Keeps cache mounts apart from those of other builds. @default - they are shared */
  readonly cacheMounts?: string;
}

export interface PushOptions {
  /** Full name of an image, without tag. */
  repository(system: string, image: string): string;
  /** Where layers of former builds are kept, without tag. @default - no cache beyond the builder's */
  cacheRepository?(system: string, image: string): string;
  /** Whether provenance and a list of contents go with each image. @default true */
  readonly attest?: boolean;
}

/**
 * The time of every file in what is pushed and of the image itself, in seconds: 1980, the first that archives can
 * hold. BuildKit only makes times older, and layers from a cache may be older than the newest commit: with the
 * commit's time a digest would depend on when its layers were first built. The labels say when the sources were made.
 */
const EPOCH = 315_532_800;

/**
 * The images of these plans as one buildx bake document: whatever is built, here or for a registry, is built from
 * it. Pure: the same plans and sources give the same document.
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
/** What decides, beside its contents, which digest a pushed image has. */
const AS_PUSHED = "oci-mediatypes=true,rewrite-timestamp=true";

/** Where the image goes, and what goes with it. */
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
    // The engine unpacks what it loads, and then times cannot be rewritten: layers differ from build to build.
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

/** Where an image's layers are kept: a tag per platform, because exports of two to one tag overwrite each other. */
export function cacheReferences(repository: string, platforms: readonly string[]): string[] {
  const tags = platforms.length === 0 ? ["native"] : platforms.map((one) => one.replaceAll("/", "-"));
  return tags.map((tag) => `${repository}:${tag}`);
}
