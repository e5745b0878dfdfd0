import { PREFIX } from "../../render/kubernetes/names";
import { at, expectAt, expectValue, isFields, listAt, show } from "./read";
import { kubernetesKind } from "./pods";
import { LATE, type ResourceFacts, type Rule } from "./types";

const SQL = "gcp:sql/databaseInstance:DatabaseInstance";
const REDIS = "gcp:redis/instance:Instance";
const CLUSTER = "gcp:container/cluster:Cluster";
const BUCKET = "gcp:storage/bucket:Bucket";
const FIREWALL = "gcp:compute/firewall:Firewall";
const TOPIC = "gcp:managedkafka/topic:Topic";
const ACL = "gcp:managedkafka/acl:Acl";
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

const privateDatabase: Rule = {
  name: "database-private",
  description: "Databases have no public address and require TLS.",
  check: ({ type, props }) => {
    switch (type) {
      case SQL: {
        const networks = listAt(props, "settings", "ipConfiguration", "authorizedNetworks");
        return [
          ...expectAt(props, "settings.ipConfiguration.ipv4Enabled", [false]),
          ...expectAt(props, "settings.ipConfiguration.sslMode", [
            "ENCRYPTED_ONLY",
            "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
          ]),
          ...networks
            .filter((network) => EVERYWHERE.includes(String(at(network, "value"))))
            .map(
              (network) =>
                `settings.ipConfiguration.authorizedNetworks: expected specific ranges, got ${show(at(network, "value"))}`,
            ),
        ];
      }
      case REDIS:
        return [
          ...expectAt(props, "authEnabled", [true]),
          ...expectAt(props, "transitEncryptionMode", ["SERVER_AUTHENTICATION"]),
        ];
      default:
        return [];
    }
  },
};

const recoverable: Rule = {
  name: "database-recoverable",
  description: "Production databases have backups and point-in-time recovery; in prod they are regional.",
  check: ({ type, props, isProduction, spansZones }) =>
    type === SQL && isProduction
      ? [
          ...expectAt(props, "settings.backupConfiguration.enabled", [true]),
          ...expectAt(props, "settings.backupConfiguration.pointInTimeRecoveryEnabled", [true]),
          ...(spansZones ? expectAt(props, "settings.availabilityType", ["REGIONAL"]) : []),
        ]
      : [],
};

/** Types that hold data, or resources that do, and their inputs for deletion protection. */
const GUARDS: Readonly<Record<string, readonly string[]>> = {
  [SQL]: ["deletionProtection", "settings.deletionProtectionEnabled"],
  [CLUSTER]: ["deletionProtection"],
  [REDIS]: ["deletionProtection"],
  [BUCKET]: [],
  "gcp:managedkafka/cluster:Cluster": [],
  [TOPIC]: [],
  "kubernetes:apps/v1:StatefulSet": [],
  "kubernetes:core/v1:Namespace": [],
};

const guarded: Rule = {
  name: "production-protected",
  description: "Resources with production data are protected from deletion, by Pulumi and by Google Cloud.",
  check: (resource) => {
    const guards = GUARDS[resource.type];
    if (guards === undefined || !resource.isProduction || isDisposable(resource)) {
      return [];
    }
    return [
      ...guards.flatMap((guard) => expectAt(resource.props, guard, [true])),
      ...(resource.isProtected ? [] : ["protect: expected true among the resource's options"]),
    ];
  },
};

/** Whether the resource holds no data to protect: a StatefulSet without disks, or a bucket with `forceDestroy`. */
function isDisposable({ type, props }: ResourceFacts): boolean {
  return (
    (type === "kubernetes:apps/v1:StatefulSet" &&
      listAt(props, "spec", "volumeClaimTemplates").length === 0) ||
    (type === BUCKET && at(props, "forceDestroy") === true)
  );
}

const kafka: Rule = {
  name: "kafka-closed",
  description: "Production topics have replication factor 3; ACLs name principals.",
  check: ({ type, props, isProduction }) => {
    switch (type) {
      case TOPIC:
        return isProduction ? expectAt(props, "replicationFactor", [3]) : [];
      case ACL:
        return listAt(props, "aclEntries")
          .map((entry) => at(entry, "principal"))
          .filter((principal) => principal === "User:*")
          .map((principal) => `aclEntries: expected a principal, got ${show(principal)}`);
      default:
        return [];
    }
  },
};

const privateCluster: Rule = {
  name: "cluster-private",
  description: "Nodes have no public address, NetworkPolicy is enforced, and Workload Identity is enabled.",
  check: ({ type, props }) => {
    if (type !== CLUSTER) {
      return [];
    }
    const autopilot = at(props, "enableAutopilot") === true;
    const open = listAt(props, "masterAuthorizedNetworksConfig", "cidrBlocks").filter((block) =>
      EVERYWHERE.includes(String(at(block, "cidrBlock"))),
    );
    const identity = at(props, "workloadIdentityConfig");
    return [
      ...expectAt(props, "privateClusterConfig.enablePrivateNodes", [true]),
      ...open.map(
        (block) =>
          `masterAuthorizedNetworksConfig.cidrBlocks: expected specific ranges, got ${show(at(block, "cidrBlock"))}`,
      ),
      // Autopilot sets both and rejects either input.
      ...(autopilot ? [] : expectAt(props, "datapathProvider", ["ADVANCED_DATAPATH"])),
      ...(autopilot || identity !== undefined
        ? []
        : ["workloadIdentityConfig: expected a workload pool, got nothing"]),
    ];
  },
};

const leastPrivilege: Rule = {
  name: "iam-least-privilege",
  description: "Nothing is granted roles/owner or roles/editor, and no grant is public.",
  check: ({ type, props }) => {
    if (!/^gcp:.*:(IAM|\w*Iam)\w*(Member|Binding)$/i.test(type)) {
      return [];
    }
    const role = at(props, "role");
    const members = [at(props, "member"), ...listAt(props, "members")];
    return [
      ...(role === "roles/owner" || role === "roles/editor"
        ? [`role: expected a narrower role, got ${show(role)}`]
        : []),
      ...members
        .filter((member) => member === "allUsers" || member === "allAuthenticatedUsers")
        .map((member) => `member: expected a principal, got ${show(member)}`),
    ];
  },
};

const privateBucket: Rule = {
  name: "bucket-private",
  description: "Buckets are not public, whatever the ACL of an object says.",
  check: ({ type, props }) =>
    type === BUCKET
      ? [
          ...expectAt(props, "uniformBucketLevelAccess", [true]),
          ...expectAt(props, "publicAccessPrevention", ["enforced"]),
        ]
      : [],
};

const firewall: Rule = {
  name: "firewall-closed",
  description:
    "No ingress firewall rule admits every address; the load balancer is the only public entry point.",
  check: ({ type, props }) =>
    type === FIREWALL && at(props, "direction") !== "EGRESS" && at(props, "allows") !== undefined
      ? listAt(props, "sourceRanges")
          .filter((range) => EVERYWHERE.includes(String(range)))
          .map((range) => `sourceRanges: expected specific ranges, got ${show(range)}`)
      : [],
};

const internalService: Rule = {
  name: "service-internal",
  description: "Services are internal; only an Ingress exposes them.",
  check: ({ type, props }) =>
    kubernetesKind(type) === "Service"
      ? expectAt(props, "spec.type", [undefined, "ClusterIP", "ExternalName"])
      : [],
};

const podSecurity: Rule = {
  name: "namespace-restricted",
  description: "A namespace enforces the Pod Security Standard restricted; exceptions have a reason.",
  check: ({ type, props, name }) => {
    if (kubernetesKind(type) !== "Namespace" || name.startsWith("kube-")) {
      return [];
    }
    const label = "pod-security.kubernetes.io/enforce";
    const labels = at(props, "metadata", "labels");
    const level = labels === LATE ? LATE : isFields(labels) ? labels[label] : undefined;
    const excepted = at(props, "metadata", "annotations", `${PREFIX}/exceptions`);
    const allowed = excepted === undefined ? ["restricted"] : ["restricted", "baseline", "privileged"];
    return expectValue(level, `metadata.labels.${label}`, allowed);
  },
};

/** Rules for resources of Google Cloud and for Services and Namespaces of a cluster. */
export const cloudRules = [
  privateDatabase,
  recoverable,
  guarded,
  kafka,
  privateCluster,
  leastPrivilege,
  privateBucket,
  firewall,
  internalService,
  podSecurity,
] as const;
