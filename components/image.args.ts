import path from "node:path";
import { throwProblems, type Problem } from "../base/problems";
import { parseImageReference } from "./image-reference";

export type Platform = "linux/amd64" | "linux/arm64";

/** The build's source and its labels. */
export interface ImageSpecArgs {
  /** Full name without tag. Plain text, because a preview needs it. */
  repository: string;
  /** Content tag, such as `src-4f2c1a…`. A tag is never reused for other content. */
  tag: string;
  /** Build context folder. */
  context: string;
  /** Relative to the context. @default "Dockerfile" */
  dockerfile?: string;
  /** Stage to build. @default - the last one */
  target?: string;
  /** @default ["linux/amd64", "linux/arm64"] */
  platforms?: readonly Platform[];
  /** Full name of the build cache, without tag. @default - no cache */
  cacheRepository?: string;
  /** Label `org.opencontainers.image.version`. @default the tag */
  version?: string;
  /**
   * Last commit of the source and its date. Both must be constant while the source is unchanged, or every commit
   * would rebuild every image. @default - no labels
   */
  revision?: string;
  created?: string;
  /** Named build contexts, by the name that `COPY --from` uses. @default {} */
  contexts?: Readonly<Record<string, string>>;
  /** @default {} */
  buildArgs?: Readonly<Record<string, string>>;
}

const PLATFORMS: readonly Platform[] = ["linux/amd64", "linux/arm64"];

/** Arguments of the image resource as plain data. @throws ProblemsError with every invalid argument */
export function imageSpec(name: string, args: ImageSpecArgs) {
  throwProblems(`image ${name}`, checkImage(args));
  const { repository, tag, context, dockerfile = "Dockerfile", target, platforms = PLATFORMS } = args;
  const cache =
    args.cacheRepository === undefined ? [] : platforms.map((platform) => cacheOf(args, platform));
  const { version = tag, revision, created, contexts = {} } = args;
  const named = Object.fromEntries(
    Object.entries(contexts).map(([name, location]): [string, { location: string }] => [name, { location }]),
  );
  return {
    context: { location: context, ...(Object.keys(named).length > 0 && { named }) },
    dockerfile: { location: path.join(context, dockerfile) },
    ...(target !== undefined && { target }),
    platforms: [...platforms],
    tags: [`${repository}:${tag}`],
    buildArgs: {
      VERSION: version,
      ...(created !== undefined && { BUILD_DATE: created }),
      ...(revision !== undefined && { VCS_REF: revision }),
      ...args.buildArgs,
    },
    labels: {
      "org.opencontainers.image.version": version,
      ...(created !== undefined && { "org.opencontainers.image.created": created }),
      ...(revision !== undefined && { "org.opencontainers.image.revision": revision }),
    },
    push: true,
    // A preview of a pull request would execute its Dockerfile and write to the shared cache.
    buildOnPreview: false,
    cacheFrom: cache.map((ref) => ({ registry: { ref } })),
    // Cache exports of several platforms to one name would overwrite each other.
    cacheTo: cache.map((ref) => ({
      registry: { ref, mode: "max" as const, imageManifest: true, ociMediaTypes: true },
    })),
  };
}

function cacheOf({ cacheRepository }: ImageSpecArgs, platform: Platform): string {
  return `${cacheRepository ?? ""}:${platform.replaceAll("/", "-")}`;
}

function checkImage({ repository, tag, context, platforms, buildArgs = {} }: ImageSpecArgs): Problem[] {
  const parsed = parseImageReference(repository);
  const named = parsed && parsed.tag === undefined && parsed.digest === undefined;
  const secrets = Object.keys(buildArgs).filter((key) => /PASSWORD|SECRET|TOKEN|(^|_)KEY$/i.test(key));
  return [
    ...(named
      ? []
      : [{ path: "repository", message: `expected a name without tag or digest, got "${repository}"` }]),
    ...(/^\w[\w.-]{0,127}$/.test(tag) && tag !== "latest"
      ? []
      : [{ path: "tag", message: `expected a tag of one content, got "${tag}"` }]),
    ...(context === "" ? [{ path: "context", message: "expected a folder, got nothing" }] : []),
    ...(platforms?.length === 0 ? [{ path: "platforms", message: "expected at least one, got none" }] : []),
    ...secrets.map((key) => ({
      path: `buildArgs.${key}`,
      message: "a build argument is readable in the image's history",
      fix: "mount a build secret instead",
    })),
  ];
}

/** Arguments of a copy of an upstream image: same layers, in the project's registry. */
export function upstreamImageSpec(
  name: string,
  args: { reference: string; repository: string; platforms?: readonly Platform[] },
) {
  const { reference, repository, platforms = PLATFORMS } = args;
  const source = parseImageReference(reference);
  throwProblems(
    `image ${name}`,
    source && (source.tag !== undefined || source.digest !== undefined) && source.tag !== "latest"
      ? []
      : [{ path: "reference", message: `expected repository:tag with a fixed version, got "${reference}"` }],
  );
  const tag = source?.tag ?? `sha256-${source?.digest?.slice(7, 19) ?? ""}`;
  return {
    dockerfile: { inline: `FROM ${reference}\n` },
    platforms: [...platforms],
    tags: [`${repository}:${tag}`],
    push: true,
    buildOnPreview: false,
  };
}
