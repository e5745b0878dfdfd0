import type { Plan, PlannedDatastore, Workload } from "../catalog/plan/types";
import { autopilotSpec, standardSpec } from "../components/cluster.args";
import { DEFAULT_POOLS, nodePoolSpec } from "../components/node-pool.args";
import { networkSpec, POD_RANGE, SERVICE_RANGE } from "../components/network.args";
import { managedKafkaSpec } from "../components/kafka.args";
import { cloudSqlSpec } from "../components/postgres.args";
import { memorystoreSpec } from "../components/redis.args";
import { gcrHost, registrySpec } from "../components/registry.args";
import type { HashSource } from "../render/images/source-description";
import { localImage } from "../render/images/image-tag";
import { renderCompose } from "../render/compose";
import { renderKubernetes, type KubernetesObject, type KubernetesOptions } from "../render/kubernetes";
import { publicationOf } from "../settings/bind";
import type { StackSettings } from "../settings/types";
import { cloudSqlArgs, managedKafkaArgs, memorystoreArgs } from "../targets/store-args";
import type { DescribedResource, DescribedStack } from "./types";

export interface DescribeOptions {
  readonly hashOf: HashSource;
  /** The options with which `render kubernetes` writes the objects. */
  readonly kubernetes: (plan: Plan) => KubernetesOptions<string>;
}

const PLATFORM = "platform";

/** Describes an environment from its documents and arguments, without engine, account or key. */
export function describeStack(
  plans: readonly Plan[],
  settings: StackSettings,
  options: DescribeOptions,
): DescribedStack {
  const { stack, lifecycle, target } = settings;
  const systems = plans.flatMap((plan) =>
    target === "compose"
      ? composeResources(plan, settings, options)
      : [...kubernetesResources(plan, options), ...managedStores(plan, settings)],
  );
  return {
    stack,
    lifecycle,
    resources: [...(target === "gcp" ? platformResources(settings) : []), ...systems],
  };
}

/** Resources that all systems share. References to other resources are replaced by their names. */
function platformResources({ gcp, lifecycle, cluster, environment }: StackSettings): DescribedResource[] {
  if (!gcp) {
    return [];
  }
  const { project, region } = gcp;
  const network = networkSpec("network", region);
  const args = {
    project,
    region,
    network: "network",
    subnetwork: "subnetwork",
    podRange: POD_RANGE,
    serviceRange: SERVICE_RANGE,
    nodeAccount: `nodes of ${environment}`,
    protect: lifecycle === "retain",
  };
  const registry = registrySpec({ project, host: gcrHost(region) });
  const parts: [string, string, object][] = [
    ["gcp:artifactregistry/repository:Repository", "images", registry.images.repository],
    ["gcp:artifactregistry/repository:Repository", "cache", registry.cache.repository],
    ["gcp:compute/network:Network", "network", network.network],
    ["gcp:compute/subnetwork:Subnetwork", "subnetwork", network.subnetwork],
    ["gcp:compute/routerNat:RouterNat", "nat", network.nat],
    [
      "gcp:container/cluster:Cluster",
      "cluster",
      cluster.mode === "autopilot" ? autopilotSpec(args) : standardSpec(args),
    ],
    ...Object.entries(cluster.mode === "standard" ? (cluster.pools ?? DEFAULT_POOLS) : {}).map(
      ([name, pool]): [string, string, object] => [
        "gcp:container/nodePool:NodePool",
        `pool-${name}`,
        { ...nodePoolSpec(name, pool, region, args.nodeAccount), location: region },
      ],
    ),
  ];
  return parts.map(([type, name, spec]) => ({
    system: PLATFORM,
    type,
    name,
    properties: { ...spec, project },
  }));
}

function managedStores({ system, datastores }: Plan, settings: StackSettings): DescribedResource[] {
  const protect = settings.lifecycle === "retain";
  const { project, region } = settings.gcp ?? {};
  const describe = (datastore: PlannedDatastore): [type: string, spec: object] | undefined => {
    switch (datastore.kind) {
      case "cloud-sql":
        return [
          "gcp:sql/databaseInstance:DatabaseInstance",
          cloudSqlSpec(datastore.name, cloudSqlArgs(datastore), protect),
        ];
      case "memorystore":
        return [
          "gcp:redis/instance:Instance",
          memorystoreSpec(datastore.name, memorystoreArgs(datastore), protect),
        ];
      case "managed-kafka":
        return [
          "gcp:managedkafka/cluster:Cluster",
          managedKafkaSpec(datastore.name, managedKafkaArgs(datastore)).cluster,
        ];
      case "container":
        return undefined;
    }
  };
  const own = { project, region };
  return datastores.flatMap((datastore) => {
    const described = describe(datastore);
    return described
      ? [
          { system, type: described[0], name: datastore.name, properties: { ...described[1], ...own } },
          ...topicsOf(datastore).map((topic) => ({
            system,
            type: "gcp:managedkafka/topic:Topic",
            name: `${datastore.name}/${topic.topicId}`,
            properties: { ...topic, ...own },
          })),
        ]
      : [];
  });
}

function topicsOf(datastore: PlannedDatastore) {
  return datastore.kind === "managed-kafka"
    ? managedKafkaSpec(datastore.name, managedKafkaArgs(datastore)).topics
    : [];
}

function kubernetesResources(plan: Plan, { kubernetes }: DescribeOptions): DescribedResource[] {
  return renderKubernetes(plan, kubernetes(plan)).map((object) => ({
    system: plan.system,
    type: `${object.apiVersion}/${object.kind}`,
    name: stableName(object, plan.workloads),
    properties: withoutNames(object),
  }));
}

/** Removes the content hash from the name of a Job or ConfigMap. */
function stableName({ kind, metadata }: KubernetesObject<string>, workloads: readonly Workload[]): string {
  if (kind === "ConfigMap") {
    return metadata.name.replace(/-config-[0-9a-f]{10}$/, "-config");
  }
  const owner = workloads.find(({ name }) => name === metadata.labels["app.kubernetes.io/name"]);
  return kind === "Job" && owner ? owner.name : metadata.name;
}

function withoutNames({ apiVersion: _version, kind: _kind, metadata, ...rest }: KubernetesObject<string>) {
  const { name: _name, namespace: _namespace, ...own } = metadata;
  return { ...rest, metadata: own };
}

function composeResources(
  plan: Plan,
  settings: StackSettings,
  { hashOf }: DescribeOptions,
): DescribedResource[] {
  const { document, files } = renderCompose(plan, {
    project: plan.system,
    root: ".",
    ...publicationOf(settings, plan.system),
    portOffset: settings.portOffsets[plan.system] ?? 0,
    imageReference: (image) => localImage(hashOf, plan, image),
    sharedNetwork: (name) => `shared_${name}`,
  });
  const of = (kind: string, parts: object | undefined): DescribedResource[] =>
    Object.entries(parts ?? {}).map(([name, properties]) => ({
      system: plan.system,
      type: `compose/${kind}`,
      name,
      properties: properties as Record<string, unknown>,
    }));
  return [
    ...of("service", document.services),
    ...of("volume", document.volumes),
    ...of("network", document.networks),
    ...of("file", Object.fromEntries(Object.entries(files).map(([path, content]) => [path, { content }]))),
  ];
}
