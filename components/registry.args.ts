/** Hosts of `gcr.io` and the Artifact Registry location of each. */
const GCR_LOCATIONS = {
  "gcr.io": "us",
  "us.gcr.io": "us",
  "eu.gcr.io": "europe",
  "asia.gcr.io": "asia",
} as const;
export type GcrHost = keyof typeof GCR_LOCATIONS;

export interface RegistrySpecArgs {
  project: string;
  /** Serves `HOST/PROJECT/…` like the former Container Registry. @default - `REGION-docker.pkg.dev/PROJECT/REPOSITORY` */
  host?: GcrHost;
  /** Location without `host`, such as "europe-west3" or "europe". */
  location?: string;
  /** Name of the repository without `host`. @default "images" */
  repository?: string;
  /**
   * Number of versions per image that are kept regardless of age. An image for two platforms counts as three
   * versions, or four with its attestation. @default 100
   */
  keepVersions?: number;
  /** Days after which an untagged version may be deleted. @default 30 */
  untaggedDays?: number;
  /** Days after which a tagged version may be deleted. @default 365 */
  taggedDays?: number;
  /**
   * Whether tags are immutable. If so, an image that was pushed but not recorded in the state must be deleted
   * manually; deployments use digests anyway. @default false
   */
  immutableTags?: boolean;
  /**
   * Registries that this one mirrors as a pull-through cache: "docker.io", "quay.io".
   * @default []
   */
  mirrors?: readonly string[];
}

const DAY = 24 * 60 * 60;
/** A mirror needs no protection: its content can be pulled again. */
const MIRROR_DAYS = 90;

/** Arguments of the repositories as plain data, and the prefix of image names in each. */
export function registrySpec(args: RegistrySpecArgs) {
  const {
    project,
    host,
    repository = "images",
    keepVersions = 100,
    untaggedDays = 30,
    taggedDays = 365,
  } = args;
  const location = host ? GCR_LOCATIONS[host] : args.location;
  if (location === undefined) {
    throw new Error("registry: give either host or location");
  }
  const olderThan = (days: number): string => `${days * DAY}s`;
  const images = host ?? repository;
  const cache = "build-cache";
  return {
    location,
    images: {
      prefix: host ? `${host}/${project}` : `${location}-docker.pkg.dev/${project}/${images}`,
      repository: {
        repositoryId: images,
        location,
        format: "DOCKER",
        description: "Images of this environment. Made by Longshore",
        dockerConfig: { immutableTags: args.immutableTags ?? false },
        vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
        // KEEP takes precedence over DELETE: running images and those for rollbacks are among the newest.
        cleanupPolicies: [
          { id: "keep-newest", action: "KEEP", mostRecentVersions: { keepCount: keepVersions } },
          {
            id: "delete-untagged",
            action: "DELETE",
            condition: { tagState: "UNTAGGED", olderThan: olderThan(untaggedDays) },
          },
          {
            id: "delete-old",
            action: "DELETE",
            condition: { tagState: "TAGGED", olderThan: olderThan(taggedDays) },
          },
        ],
      },
    },
    /** By the mirrored host. */
    mirrors: (args.mirrors ?? []).map((host) => {
      const repositoryId = `mirror-${host.replace(/[^a-z0-9]+/g, "-")}`;
      return {
        host,
        prefix: `${location}-docker.pkg.dev/${project}/${repositoryId}`,
        repository: {
          repositoryId,
          location,
          format: "DOCKER",
          mode: "REMOTE_REPOSITORY",
          description: `Images of ${host} that were pulled. Made by Longshore`,
          remoteRepositoryConfig:
            host === "docker.io"
              ? { dockerRepository: { publicRepository: "DOCKER_HUB" } }
              : { commonRepository: { uri: `https://${host}` } },
          cleanupPolicies: [
            {
              id: "delete-old",
              action: "DELETE",
              condition: { tagState: "ANY", olderThan: olderThan(MIRROR_DAYS) },
            },
          ],
        },
      };
    }),
    /** Separate from the images: its tags move with every build, and its content is disposable. */
    cache: {
      prefix: `${location}-docker.pkg.dev/${project}/${cache}`,
      repository: {
        repositoryId: cache,
        location,
        format: "DOCKER",
        description: "Layers of former builds. Made by Longshore",
        cleanupPolicies: [
          { id: "delete-old", action: "DELETE", condition: { tagState: "ANY", olderThan: olderThan(14) } },
        ],
      },
    },
  };
}

/** The `gcr.io` host nearest to a region. */
export function gcrHost(region: string): GcrHost {
  if (/^(europe|me|africa)-/.test(region)) {
    return "eu.gcr.io";
  }
  return /^(asia|australia)-/.test(region) ? "asia.gcr.io" : "gcr.io";
}
