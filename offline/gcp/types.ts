import { createHash } from "node:crypto";
import { defined, isObject, text, type Json, type Properties } from "../values";

/** Knowledge about one type beyond the typed SDK. */
export interface TypeFacts {
  /**
   * Inputs whose change, at or below the path, replaces the resource. Source: `ForceNew` in the schemas of the Google
   * provider for Terraform, on which the Pulumi provider is built, as of August 2026.
   */
  readonly replaceOn: readonly string[];
  /** Outputs of the service that follow from the inputs. */
  readonly outputs?: (facts: Known) => Properties;
  /** Outputs that only the service can know: unknown in a preview, assumed when a test applies. */
  readonly late?: (facts: Known) => Properties;
  readonly id: (facts: Known) => string;
}

export interface Known {
  readonly inputs: Properties;
  readonly name: string;
  readonly project: string;
  readonly region: string;
  /** A short suffix that is constant per resource. */
  readonly fingerprint: string;
}

const COMPUTE = "https://www.googleapis.com/compute/v1/";
const common = ["name", "project"];

const globalNetworkId = ({ project, name }: Known) => `projects/${project}/global/networks/${name}`;
const regional = (kind: string) => (known: Known) =>
  `projects/${known.project}/regions/${place(known)}/${kind}/${known.name}`;
const globalThing = (kind: string) => (known: Known) =>
  `projects/${known.project}/global/${kind}/${known.name}`;
const link = (id: (known: Known) => string) => (known: Known) => ({ selfLink: COMPUTE + id(known) });

const subnetworkId = regional("subnetworks");
const routerId = regional("routers");
const addressId = globalThing("addresses");
const sslPolicyId = globalThing("sslPolicies");
const securityPolicyId = globalThing("securityPolicies");

const kafkaId = (known: Known) =>
  `projects/${known.project}/locations/${place(known)}/clusters/` +
  (text(known.inputs.clusterId) ?? text(known.inputs.cluster) ?? "cluster");

/** A resource's own region or location, or the provider's region. */
function place({ inputs, region }: Known): string {
  return text(inputs.region) ?? text(inputs.location) ?? region;
}

const accountEmail = ({ inputs, project }: Known) =>
  `${text(inputs.accountId) ?? "unknown"}@${project}.iam.gserviceaccount.com`;

/** A private address that is constant per resource. */
const privateAddress = ({ fingerprint }: Known) =>
  `10.${[0, 2, 4].map((at) => Number.parseInt(fingerprint.slice(at, at + 2), 16)).join(".")}`;

const member = ({ inputs }: Known) =>
  ["project", "serviceAccountId", "repository", "role", "member"]
    .map((key) => text(inputs[key]))
    .filter((part) => part !== undefined)
    .join("/");

export const GCP_TYPES: Readonly<Record<string, TypeFacts>> = {
  "gcp:compute/network:Network": {
    replaceOn: [
      ...common,
      "autoCreateSubnetworks",
      "description",
      "internalIpv6Range",
      "networkProfile",
      "params",
    ],
    id: globalNetworkId,
    outputs: link(globalNetworkId),
  },
  "gcp:compute/subnetwork:Subnetwork": {
    replaceOn: [
      ...common,
      "region",
      "network",
      "description",
      "externalIpv6Prefix",
      "internalIpv6Prefix",
      "params",
      "reservedInternalRange",
      "resolveSubnetMask",
    ],
    id: subnetworkId,
    outputs: link(subnetworkId),
  },
  "gcp:compute/router:Router": {
    replaceOn: [...common, "region", "network", "encryptedInterconnectRouter", "nccGateway", "params"],
    id: routerId,
    outputs: link(routerId),
  },
  "gcp:compute/routerNat:RouterNat": {
    replaceOn: [...common, "region", "router", "endpointTypes", "initialNatIps", "type"],
    id: (known) => `${known.project}/${place(known)}/${text(known.inputs.router) ?? "router"}/${known.name}`,
  },
  "gcp:compute/globalAddress:GlobalAddress": {
    replaceOn: [
      ...common,
      "address",
      "addressType",
      "description",
      "ipVersion",
      "network",
      "prefixLength",
      "purpose",
    ],
    id: addressId,
    outputs: link(addressId),
    late: (known) => ({ address: privateAddress(known) }),
  },
  "gcp:compute/sSLPolicy:SSLPolicy": {
    replaceOn: [...common, "description"],
    id: sslPolicyId,
    outputs: link(sslPolicyId),
  },
  "gcp:compute/securityPolicy:SecurityPolicy": {
    replaceOn: common,
    id: securityPolicyId,
    outputs: link(securityPolicyId),
  },
  "gcp:servicenetworking/connection:Connection": {
    replaceOn: ["network", "service"],
    id: ({ inputs }) => `${text(inputs.network) ?? "network"}:${text(inputs.service) ?? "service"}`,
    outputs: ({ inputs }) => ({ peering: (text(inputs.service) ?? "").replaceAll(".", "-") }),
  },
  "gcp:container/cluster:Cluster": {
    replaceOn: [
      ...common,
      "location",
      "network",
      "subnetwork",
      "networkingMode",
      "ipAllocationPolicy",
      "clusterIpv4Cidr",
      "datapathProvider",
      "dataplaneOptimizationMode",
      "defaultMaxPodsPerNode",
      "description",
      "enableAutopilot",
      "enableKubernetesAlpha",
      "enableTpu",
      "initialNodeCount",
      "confidentialNodes",
      "masterAuth.clientCertificateConfig",
      "privateClusterConfig.masterIpv4CidrBlock",
      "privateClusterConfig.privateEndpointSubnetwork",
    ],
    id: (known) => `projects/${known.project}/locations/${place(known)}/clusters/${known.name}`,
    outputs: clusterOutputs,
  },
  "gcp:container/nodePool:NodePool": {
    replaceOn: [
      ...common,
      "cluster",
      "location",
      "namePrefix",
      "initialNodeCount",
      "maxPodsPerNode",
      "placementPolicy",
      "queuedProvisioning",
      ...[
        "additionalNodeNetworkConfigs",
        "additionalPodNetworkConfigs",
        "createPodRange",
        "podIpv4CidrBlock",
        "podRange",
        "subnetwork",
      ].map((key) => `networkConfig.${key}`),
      ...[
        "advancedMachineFeatures",
        "bootDiskKmsKey",
        "enableConfidentialStorage",
        "ephemeralStorageLocalSsdConfig",
        "guestAccelerators",
        "localSsdCount",
        "localSsdEncryptionMode",
        "maxRunDuration",
        "metadata",
        "minCpuPlatform",
        "nodeGroup",
        "oauthScopes",
        "preemptible",
        "reservationAffinity",
        "sandboxConfig",
        "secondaryBootDisks",
        "serviceAccount",
        "shieldedInstanceConfig",
        "soleTenantConfig",
        "spot",
      ].map((key) => `nodeConfig.${key}`),
    ],
    id: (known) =>
      `projects/${known.project}/locations/${place(known)}/clusters/${text(known.inputs.cluster) ?? "cluster"}` +
      `/nodePools/${known.name}`,
  },
  "gcp:artifactregistry/repository:Repository": {
    replaceOn: [
      "repositoryId",
      "project",
      "location",
      "format",
      "kmsKeyName",
      "mode",
      "remoteRepositoryConfig",
    ],
    id: (known) =>
      `projects/${known.project}/locations/${place(known)}/repositories/${text(known.inputs.repositoryId)}`,
    outputs: (known) =>
      defined({
        name: text(known.inputs.repositoryId),
        registryUri: `${place(known)}-docker.pkg.dev/${known.project}/${text(known.inputs.repositoryId)}`,
      }),
  },
  "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": {
    replaceOn: ["project", "location", "repository", "role", "member", "condition"],
    id: member,
  },
  "gcp:serviceaccount/account:Account": {
    replaceOn: ["accountId", "project"],
    id: (known) => `projects/${known.project}/serviceAccounts/${accountEmail(known)}`,
    outputs: (known) => ({
      email: accountEmail(known),
      member: `serviceAccount:${accountEmail(known)}`,
      name: `projects/${known.project}/serviceAccounts/${accountEmail(known)}`,
    }),
  },
  "gcp:serviceaccount/iAMMember:IAMMember": {
    replaceOn: ["serviceAccountId", "role", "member", "condition"],
    id: member,
  },
  "gcp:projects/iAMMember:IAMMember": {
    replaceOn: ["project", "role", "member", "condition"],
    id: member,
  },
  "gcp:projects/service:Service": {
    replaceOn: ["project", "service"],
    id: ({ project, inputs }) => `${project}/${text(inputs.service) ?? "service"}`,
  },
  "gcp:sql/databaseInstance:DatabaseInstance": {
    replaceOn: [...common, "region", "encryptionKeyName", "settings.collation", "replicaConfiguration"],
    id: ({ name }) => name,
    outputs: (known) => ({
      connectionName: `${known.project}:${place(known)}:${known.name}`,
      selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/projects/${known.project}/instances/${known.name}`,
    }),
    late: (known) => ({
      privateIpAddress: privateAddress(known),
      firstIpAddress: privateAddress(known),
      serverCaCerts: [{ cert: "assumed certificate" }],
    }),
  },
  "gcp:redis/instance:Instance": {
    replaceOn: [
      ...common,
      "region",
      "authorizedNetwork",
      "connectMode",
      "customerManagedKey",
      "locationId",
      "alternativeLocationId",
      "reservedIpRange",
      "tier",
      "transitEncryptionMode",
    ],
    id: (known) => `projects/${known.project}/locations/${place(known)}/instances/${known.name}`,
    outputs: () => ({ port: 6378 }),
    late: (known) => ({
      host: privateAddress(known),
      authString: `assumed-${known.fingerprint}-${known.fingerprint}`,
      serverCaCerts: [{ cert: "assumed certificate" }],
    }),
  },
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": {
    replaceOn: ["project", "location", "bucketId", "enableAnalytics"],
    id: (known) =>
      `projects/${known.project}/locations/${place(known)}/buckets/${text(known.inputs.bucketId)}`,
  },
  "gcp:logging/projectExclusion:ProjectExclusion": {
    replaceOn: ["name", "project"],
    id: (known) => `projects/${known.project}/exclusions/${known.name}`,
  },
  "gcp:logging/projectSink:ProjectSink": {
    replaceOn: ["name", "project", "uniqueWriterIdentity"],
    id: (known) => `projects/${known.project}/sinks/${known.name}`,
    late: (known) => ({
      writerIdentity: `serviceAccount:sink-${known.fingerprint}@gcp-sa-logging.iam.gserviceaccount.com`,
    }),
  },
  "gcp:monitoring/dashboard:Dashboard": {
    replaceOn: ["project"],
    id: ({ project, fingerprint }) => `projects/${project}/dashboards/${fingerprint}`,
  },
  "gcp:storage/bucket:Bucket": {
    replaceOn: [
      ...common,
      "location",
      "customPlacementConfig",
      "enableObjectRetention",
      "hierarchicalNamespace",
    ],
    id: ({ name }) => name,
    outputs: ({ name }) => ({
      url: `gs://${name}`,
      selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
    }),
  },
  "gcp:storage/bucketIAMMember:BucketIAMMember": {
    replaceOn: ["bucket", "role", "member", "condition"],
    id: ({ inputs }) => ["bucket", "role", "member"].map((key) => text(inputs[key]) ?? key).join("/"),
  },
  "gcp:managedkafka/cluster:Cluster": {
    replaceOn: ["clusterId", "project", "location", "gcpConfig.kmsKey"],
    id: kafkaId,
    outputs: (known) => ({ name: kafkaId(known) }),
  },
  "gcp:managedkafka/topic:Topic": {
    replaceOn: ["topicId", "cluster", "project", "location", "replicationFactor"],
    id: (known) => `${kafkaId(known)}/topics/${text(known.inputs.topicId)}`,
    outputs: (known) => ({ name: `${kafkaId(known)}/topics/${text(known.inputs.topicId)}` }),
  },
  "gcp:managedkafka/acl:Acl": {
    replaceOn: ["aclId", "cluster", "project", "location"],
    id: (known) => `${kafkaId(known)}/acls/${text(known.inputs.aclId)}`,
    outputs: (known) => ({ name: `${kafkaId(known)}/acls/${text(known.inputs.aclId)}` }),
  },
  "gcp:sql/database:Database": {
    replaceOn: ["instance", "name", "project"],
    id: ({ project, inputs, name }) =>
      `projects/${project}/instances/${text(inputs.instance)}/databases/${name}`,
  },
  "gcp:sql/user:User": {
    replaceOn: ["host", "instance", "name", "type", "project"],
    id: ({ inputs, name }) => `${name}//${text(inputs.instance)}`,
  },
};

/**
 * A cluster's address is assumed even in a preview: with an unknown address, the engine skips the Kubernetes provider
 * and no object would be checked. The addresses are from the documentation range (RFC 5737).
 */
function clusterOutputs(known: Known): Properties {
  const { inputs, project, fingerprint } = known;
  const endpoints: Json | undefined = inputs.controlPlaneEndpointsConfig;
  const dns = isObject(endpoints) && isObject(endpoints.dnsEndpointConfig);
  const certificate = Buffer.from(`offline stand-in for the certificate of ${known.name}\n`).toString(
    "base64",
  );
  return defined({
    endpoint: `192.0.2.${Number.parseInt(fingerprint.slice(0, 2), 16)}`,
    selfLink:
      `https://container.googleapis.com/v1/projects/${project}/locations/${place(known)}` +
      `/clusters/${known.name}`,
    masterAuth: { clusterCaCertificate: certificate },
    controlPlaneEndpointsConfig: dns
      ? { dnsEndpointConfig: { endpoint: `gke-${fingerprint}.${place(known)}.gke.goog` } }
      : undefined,
  });
}

export function fingerprint(value: string): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 12);
}
