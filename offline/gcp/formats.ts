import { closest } from "fastest-levenshtein";
import { parseIpRange } from "../../components/ip-range";
import type { Failure, Subject } from "../planner";
import { isObject, isUnknown, text, type Json, type Properties } from "../values";
import { REGIONS } from "../../settings/regions";

type Rule = (value: string) => string | undefined;

const MULTI_REGIONS = ["us", "europe", "asia"];

/** Regions known when this version was made. */
export const region: Rule = (value) =>
  REGIONS.includes(value) ? undefined : `no region of Google Cloud; did you mean ${closest(value, REGIONS)}?`;

/** A region, or one of its zones. */
const location: Rule = (value) => region(value.replace(/-[a-f]$/, ""));

const repositoryLocation: Rule = (value) => (MULTI_REGIONS.includes(value) ? undefined : region(value));

const pattern =
  (expression: RegExp, meaning: string): Rule =>
  (value) =>
    expression.test(value) ? undefined : `expected ${meaning}`;

const computeName = pattern(
  /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  "1 to 63 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
);
const shortName = pattern(
  /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
  "1 to 40 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
);
const sqlName = pattern(
  /^[a-z]([-a-z0-9]{0,83}[a-z0-9])?$/,
  "1 to 85 lower-case letters, digits and hyphens, starting with a letter",
);
const accountId = pattern(
  /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/,
  "6 to 30 lower-case letters, digits and hyphens, starting with a letter",
);
const repositoryId = pattern(
  /^(?:gcr\.io|(?:us|eu|asia)\.gcr\.io|[a-z]([-a-z0-9]{0,61}[a-z0-9])?)$/,
  'lower-case letters, digits and hyphens, starting with a letter, or "gcr.io"',
);
const projectId = pattern(/^[a-z][-a-z0-9]{4,28}[a-z0-9]$/, "the id of a project: 6 to 30 characters");
const iamMember = pattern(
  /^(?:allUsers|allAuthenticatedUsers|(?:user|group|serviceAccount|domain|principal|principalSet):.+)$/,
  'a kind and a name, such as "serviceAccount:name@project.iam.gserviceaccount.com"',
);
const role = pattern(
  /^(?:roles\/[a-zA-Z.]+|(?:projects|organizations)\/[^/]+\/roles\/\w+)$/,
  'a role such as "roles/artifactregistry.reader"',
);
const apiName = pattern(/^[a-z]+\.googleapis\.com$/, 'an API such as "container.googleapis.com"');

const bucketLocation: Rule = (value) =>
  ["us", "eu", "europe", "asia"].includes(value.toLowerCase()) ? undefined : region(value.toLowerCase());
const subnetworkPath = pattern(
  /^projects\/[^/]+\/regions\/[^/]+\/subnetworks\/[^/]+$/,
  "a subnetwork as projects/PROJECT/regions/REGION/subnetworks/NAME",
);
const topicId = pattern(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
  "letters, digits, dots, _ and -, starting with a letter or digit",
);
const aclId = pattern(
  /^(?:cluster|allTopics|allConsumerGroups|allTransactionalIds|(?:topic|consumerGroup|transactionalId)(?:Prefixed)?\/.+)$/,
  "what it is about, such as topic/NAME or allConsumerGroups",
);
const kafkaCpus = (value: string) =>
  /^\d+$/.test(value) && Number(value) >= 3 ? undefined : "expected 3 virtual CPUs or more, as text";

const cidr: Rule = (value) => {
  const range = parseIpRange(value);
  return typeof range === "string" ? range : undefined;
};

/** Machine size of Cloud SQL for PostgreSQL. */
const sqlTier: Rule = (value) => {
  const custom = /^db-custom-(\d+)-(\d+)$/.exec(value);
  if (!custom) {
    return /^db-(?:f1-micro|g1-small|perf-optimized-N-(?:2|4|8|16|32|48|64|80|96|128)|c4a-highmem-(?:1|2|4|8|16|32|48|64|72))$/.test(
      value,
    )
      ? undefined
      : 'expected a tier such as "db-custom-2-7680" (CPUs and MiB)';
  }
  const [cpus, memory] = [Number(custom[1]), Number(custom[2])];
  if (cpus < 1 || cpus > 96 || (cpus > 1 && cpus % 2 === 1)) {
    return `expected 1 CPU or an even number up to 96, got ${cpus}`;
  }
  if (memory % 256 !== 0 || memory < 3840) {
    return `expected memory of at least 3840 MiB in steps of 256, got ${memory}`;
  }
  const perCpu = memory / cpus / 1024;
  return perCpu < 0.9 || perCpu > 6.5
    ? `expected 0.9 to 6.5 GiB of memory for each CPU, got ${perCpu.toFixed(2)}`
    : undefined;
};

const COMPUTE_RULES = { name: computeName, project: projectId, region };

const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  "gcp:compute/network:Network": COMPUTE_RULES,
  "gcp:compute/subnetwork:Subnetwork": {
    ...COMPUTE_RULES,
    ipCidrRange: cidr,
    "secondaryIpRanges[].ipCidrRange": cidr,
    "secondaryIpRanges[].rangeName": computeName,
  },
  "gcp:compute/router:Router": COMPUTE_RULES,
  "gcp:compute/routerNat:RouterNat": COMPUTE_RULES,
  "gcp:compute/globalAddress:GlobalAddress": COMPUTE_RULES,
  "gcp:compute/sSLPolicy:SSLPolicy": COMPUTE_RULES,
  "gcp:compute/securityPolicy:SecurityPolicy": COMPUTE_RULES,
  "gcp:container/cluster:Cluster": {
    name: shortName,
    project: projectId,
    location,
    "privateClusterConfig.masterIpv4CidrBlock": cidr,
    "masterAuthorizedNetworksConfig.cidrBlocks[].cidrBlock": cidr,
  },
  "gcp:container/nodePool:NodePool": { name: shortName, project: projectId, location },
  "gcp:artifactregistry/repository:Repository": {
    repositoryId,
    project: projectId,
    location: repositoryLocation,
  },
  "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": {
    location: repositoryLocation,
    member: iamMember,
    role,
  },
  "gcp:projects/iAMMember:IAMMember": { project: projectId, member: iamMember, role },
  "gcp:projects/service:Service": { project: projectId, service: apiName },
  "gcp:serviceaccount/account:Account": { accountId, project: projectId },
  "gcp:serviceaccount/iAMMember:IAMMember": { member: iamMember, role },
  "gcp:storage/bucket:Bucket": { project: projectId, location: bucketLocation },
  "gcp:storage/bucketIAMMember:BucketIAMMember": { member: iamMember, role },
  "gcp:managedkafka/cluster:Cluster": {
    clusterId: computeName,
    project: projectId,
    location: region,
    "capacityConfig.vcpuCount": kafkaCpus,
    "gcpConfig.accessConfig.networkConfigs[].subnet": subnetworkPath,
  },
  "gcp:managedkafka/topic:Topic": { topicId, project: projectId, location: region },
  "gcp:managedkafka/acl:Acl": { aclId, project: projectId, location: region },
  "gcp:redis/instance:Instance": { name: shortName, project: projectId, region },
  "gcp:sql/databaseInstance:DatabaseInstance": {
    name: sqlName,
    project: projectId,
    region,
    "settings.tier": sqlTier,
  },
};

/** Names, locations, sizes and ranges that the service rejects. */
export function checkFormats({ type, inputs }: Subject): Failure[] {
  return Object.entries(RULES[type] ?? {}).flatMap(([path, rule]) =>
    select(inputs, path).flatMap(({ value, at }) => {
      const found = text(value);
      const reason = found === undefined ? undefined : rule(found);
      return reason === undefined ? [] : [{ property: at, reason: `${reason}, got "${found}"` }];
    }),
  );
}

/** Values at `a.b[].c` with their exact paths. */
function select(from: Json | undefined, path: string, at = ""): { value: Json; at: string }[] {
  if (from === undefined || from === null) {
    return [];
  }
  if (path === "") {
    return [{ value: from, at }];
  }
  if (path.startsWith("[]")) {
    const rest = path.slice(2).replace(/^\./, "");
    return Array.isArray(from) ? from.flatMap((item, index) => select(item, rest, `${at}[${index}]`)) : [];
  }
  const step = /^[^.[]+/.exec(path)?.[0] ?? path;
  const rest = path.slice(step.length).replace(/^\./, "");
  return isObject(from) ? select(from[step], rest, at ? `${at}.${step}` : step) : [];
}

/** Combinations of settings that the service rejects or that are insecure. */
export function checkCombinations({ type, inputs }: Subject): Failure[] {
  switch (type) {
    case "gcp:sql/databaseInstance:DatabaseInstance":
      return checkSqlInstance(inputs);
    case "gcp:managedkafka/cluster:Cluster":
      return checkKafka(inputs);
    case "gcp:servicenetworking/connection:Connection":
      return inputs.deletionPolicy === "ABANDON"
        ? [
            {
              property: "deletionPolicy",
              reason: "leaves the peering, and its network cannot be deleted; remove it",
            },
          ]
        : [];
    case "gcp:container/cluster:Cluster":
      return inputs.enableAutopilot === true ? checkAutopilot(inputs) : checkStandard(inputs);
    default:
      return [];
  }
}

/** Changes that the service rejects because of the resource's current values. */
export function checkHistory({ type, inputs }: Subject, previous: Properties | undefined): Failure[] {
  const [before, after] = [previous?.partitionCount, inputs.partitionCount];
  if (type === "gcp:compute/subnetwork:Subnetwork") {
    return checkMoved(inputs, previous);
  }
  return type === "gcp:managedkafka/topic:Topic" &&
    typeof before === "number" &&
    typeof after === "number" &&
    after < before
    ? [
        {
          property: "partitionCount",
          reason:
            `Kafka cannot remove partitions: expected at least ${before}, got ${after}. ` +
            "Leave it, or make a topic of another name and move to it",
        },
      ]
    : [];
}

/** The engine creates a subnetwork in another region before it deletes the old one. */
function checkMoved(inputs: Properties, previous: Properties | undefined): Failure[] {
  const [region, network] = [text(previous?.region), text(previous?.network)];
  const isMoved = region !== undefined && text(inputs.region) !== region && text(inputs.network) === network;
  const [old, range] = [previous?.ipCidrRange, inputs.ipCidrRange].map((one) =>
    parseIpRange(text(one) ?? ""),
  );
  const overlaps =
    typeof old === "object" &&
    typeof range === "object" &&
    old.first <= range.last &&
    range.first <= old.last;
  return isMoved && overlaps
    ? [
        {
          property: "region",
          reason: `the subnetwork is created before the one in ${region} is deleted, and its ranges overlap; use another network`,
        },
      ]
    : [];
}

function checkSqlInstance(inputs: Properties): Failure[] {
  const settings = isObject(inputs.settings) ? inputs.settings : {};
  const backup = isObject(settings.backupConfiguration) ? settings.backupConfiguration : {};
  const ip = isObject(settings.ipConfiguration) ? settings.ipConfiguration : {};
  const version = /^POSTGRES_(\d+)/.exec(text(inputs.databaseVersion) ?? "");
  const enterprise = settings.edition === "ENTERPRISE" || isUnknown(settings.edition);
  const failures: Failure[] = [];
  if (version && Number(version[1]) >= 16 && /^db-custom-/.test(text(settings.tier) ?? "") && !enterprise) {
    failures.push({
      property: "settings.edition",
      reason: `PostgreSQL ${version[1]} defaults to ENTERPRISE_PLUS, which has no ${text(settings.tier)}; set "ENTERPRISE"`,
    });
  }
  if (/^db-(perf-optimized|c4a)-/.test(text(settings.tier) ?? "") && settings.edition === "ENTERPRISE") {
    failures.push({
      property: "settings.edition",
      reason: `${text(settings.tier)} needs the edition ENTERPRISE_PLUS`,
    });
  }
  if (settings.availabilityType === "REGIONAL" && !(backup.enabled && backup.pointInTimeRecoveryEnabled)) {
    failures.push({
      property: "settings.backupConfiguration",
      reason: "REGIONAL needs backups and point-in-time recovery; set enabled and pointInTimeRecoveryEnabled",
    });
  }
  if (ip.ipv4Enabled === false && ip.privateNetwork === undefined) {
    failures.push({
      property: "settings.ipConfiguration",
      reason: "an instance without a public address needs privateNetwork",
    });
  }
  return failures;
}

function checkKafka({ capacityConfig }: Properties): Failure[] {
  const capacity = isObject(capacityConfig) ? capacityConfig : {};
  const [cpus, bytes] = [Number(text(capacity.vcpuCount)), Number(text(capacity.memoryBytes))];
  const perCpu = bytes / cpus / 2 ** 30;
  return perCpu < 1 || perCpu > 8
    ? [
        {
          property: "capacityConfig.memoryBytes",
          reason: `expected 1 to 8 GiB for each of ${cpus} virtual CPUs, got ${perCpu.toFixed(2)}`,
        },
      ]
    : [];
}

function checkAutopilot(inputs: Properties): Failure[] {
  const managed = [
    "enableShieldedNodes",
    "networkPolicy",
    "removeDefaultNodePool",
    "nodePools",
    "initialNodeCount",
    "defaultMaxPodsPerNode",
    "enableIntranodeVisibility",
    "clusterIpv4Cidr",
    "workloadIdentityConfig",
  ];
  return managed
    .filter((property) => inputs[property] !== undefined)
    .map((property) => ({ property, reason: "managed by Autopilot; leave it unset" }));
}

function checkStandard(inputs: Properties): Failure[] {
  if (inputs.nodePools !== undefined) {
    return [
      { property: "nodePools", reason: "inline pools replace the cluster when they change; use NodePool" },
    ];
  }
  return inputs.removeDefaultNodePool === true && (inputs.initialNodeCount ?? null) === null
    ? [{ property: "initialNodeCount", reason: "removeDefaultNodePool needs a first node; set 1" }]
    : [];
}
