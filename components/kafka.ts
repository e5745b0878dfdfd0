import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import {
  managedKafkaHost,
  managedKafkaSpec,
  TOPIC_OPERATIONS,
  type ManagedKafkaSpecArgs,
} from "./kafka.args";

export interface ManagedKafkaArgs extends ManagedKafkaSpecArgs {
  project: string;
  region: string;
  /** ID of the subnetwork of its addresses: `projects/…/regions/…/subnetworks/…`. */
  subnetwork: pulumi.Input<string>;
  /** Cluster ID, a part of the address: a new ID replaces the cluster. @default - the component's name */
  clusterId?: string;
  /**
   * E-mail addresses of the service accounts that may read and write every topic. Each needs
   * `roles/managedkafka.client` to connect. @default - every account that may connect
   */
  clients?: readonly pulumi.Input<string>[];
  /** Key of Cloud KMS. @default - Google's own encryption */
  encryptionKey?: pulumi.Input<string>;
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: {
    cluster?: Transform<gcp.managedkafka.ClusterArgs>;
    topic?: Transform<gcp.managedkafka.TopicArgs>;
    acl?: Transform<gcp.managedkafka.AclArgs>;
  };
}

/**
 * Google Cloud Managed Service for Apache Kafka: brokers in three zones, TLS only, clients authenticate as Google
 * service accounts (`SASL_SSL`, `OAUTHBEARER`). Partitions can be added, not removed: fewer partitions are an error.
 *
 * @example
 * const events = new ManagedKafka("orders-events", {
 *   project, region, subnetwork: network.subnetwork.id,
 *   topics: { orders: { partitions: 6, settings: { "retention.ms": "86400000" } } },
 *   clients: [identity.email],
 * });
 */
export class ManagedKafka extends Component {
  readonly cluster: gcp.managedkafka.Cluster;
  /** By name. */
  readonly topics: ReadonlyMap<string, gcp.managedkafka.Topic>;
  /** ACLs by topic name. Empty without `clients`. */
  readonly acls: ReadonlyMap<string, gcp.managedkafka.Acl>;
  /** Bootstrap address for clients. */
  readonly host: pulumi.Output<string>;
  readonly port = 9092;

  constructor(name: string, args: ManagedKafkaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:data:ManagedKafka", name, opts);
    const { project, region, clusterId = name } = args;
    const spec = managedKafkaSpec(name, args);
    this.cluster = this.createCluster(args, clusterId, spec.cluster);
    this.topics = new Map(spec.topics.map((topic) => [topic.topicId, this.createTopic(args, topic)]));
    this.acls = this.createAcls(args);
    // Depends on the cluster, although its name is known earlier.
    this.host = this.cluster.clusterId.apply((id) => managedKafkaHost(id, region, project));
    this.registerOutputs({ host: this.host });
  }

  private createCluster(
    args: ManagedKafkaArgs,
    clusterId: string,
    spec: ReturnType<typeof managedKafkaSpec>["cluster"],
  ): gcp.managedkafka.Cluster {
    const { project, region, subnetwork, encryptionKey, lifecycle = "retain", transform } = args;
    return this.child(
      gcp.managedkafka.Cluster,
      "cluster",
      {
        ...spec,
        clusterId,
        project,
        location: region,
        gcpConfig: {
          accessConfig: { networkConfigs: [{ subnet: subnetwork }] },
          ...(encryptionKey !== undefined && { kmsKey: encryptionKey }),
        },
      },
      {
        ...stateful(lifecycle),
        customTimeouts: { create: "60m", update: "60m", delete: "30m" },
        transform: transform?.cluster,
      },
    );
  }

  private createTopic(
    { project, region, lifecycle = "retain", transform }: ManagedKafkaArgs,
    topic: ReturnType<typeof managedKafkaSpec>["topics"][number],
  ): gcp.managedkafka.Topic {
    return this.child(
      gcp.managedkafka.Topic,
      `topic-${topic.topicId}`,
      { ...topic, project, location: region, cluster: this.cluster.clusterId },
      { ...stateful(lifecycle), transform: transform?.topic },
    );
  }

  private createAcls({ project, region, clients, transform }: ManagedKafkaArgs) {
    const acls = [...(clients ? this.topics : [])].map(([topic, resource]) => {
      const acl = this.child(
        gcp.managedkafka.Acl,
        `acl-${topic}`,
        {
          aclId: `topic/${topic}`,
          project,
          location: region,
          cluster: this.cluster.clusterId,
          aclEntries: (clients ?? []).flatMap((email) =>
            TOPIC_OPERATIONS.map((operation) => ({
              principal: pulumi.interpolate`User:${email}`,
              operation,
              permissionType: "ALLOW",
              host: "*",
            })),
          ),
        },
        { dependsOn: [resource], transform: transform?.acl },
      );
      return [topic, acl] as const;
    });
    return new Map(acls);
  }
}
