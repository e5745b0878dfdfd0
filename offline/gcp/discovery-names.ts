/** The API of a resource type, and the fields that the provider names differently. */
export interface ApiType {
  /** Name of a discovery document, such as `container.v1`. */
  readonly document: string;
  readonly schema: string;
  /**
   * Names in the API by paths of the provider, without indexes. Null: the provider uses the field itself, or the API
   * expects it in another place than the resource, such as the URL.
   */
  readonly names?: Readonly<Record<string, string | null>>;
}

export const API_OF: Readonly<Record<string, ApiType>> = {
  "gcp:artifactregistry/repository:Repository": {
    document: "artifactregistry.v1",
    schema: "Repository",
    names: { "cleanupPolicies.id": null, location: null, project: null, repositoryId: null },
  },
  "gcp:compute/globalAddress:GlobalAddress": {
    document: "compute.v1",
    schema: "Address",
    names: { project: null },
  },
  "gcp:compute/network:Network": {
    document: "compute.v1",
    schema: "Network",
    names: { project: null, routingMode: "routingConfig.routingMode" },
  },
  "gcp:compute/router:Router": { document: "compute.v1", schema: "Router", names: { project: null } },
  "gcp:compute/routerNat:RouterNat": {
    document: "compute.v1",
    schema: "RouterNat",
    names: { project: null, region: null, router: null },
  },
  "gcp:compute/sSLPolicy:SSLPolicy": {
    document: "compute.v1",
    schema: "SslPolicy",
    names: { project: null },
  },
  "gcp:compute/securityPolicy:SecurityPolicy": {
    document: "compute.v1",
    schema: "SecurityPolicy",
    names: { project: null },
  },
  "gcp:compute/subnetwork:Subnetwork": {
    document: "compute.v1",
    schema: "Subnetwork",
    names: { project: null },
  },
  "gcp:container/cluster:Cluster": {
    document: "container.v1",
    schema: "Cluster",
    names: {
      clusterAutoscaling: "autoscaling",
      "clusterAutoscaling.autoProvisioningDefaults": "autoprovisioningNodePoolDefaults",
      datapathProvider: "networkConfig.datapathProvider",
      deletionProtection: null,
      enableAutopilot: "autopilot.enabled",
      enableIntranodeVisibility: "networkConfig.enableIntraNodeVisibility",
      enableShieldedNodes: "shieldedNodes.enabled",
      gatewayApiConfig: "networkConfig.gatewayApiConfig",
      "loggingConfig.enableComponents": "componentConfig.enableComponents",
      "maintenancePolicy.recurringWindow": "window.recurringWindow",
      "maintenancePolicy.recurringWindow.endTime": "window.endTime",
      "maintenancePolicy.recurringWindow.startTime": "window.startTime",
      "monitoringConfig.enableComponents": "componentConfig.enableComponents",
      "monitoringConfig.managedPrometheus": "managedPrometheusConfig",
      networkingMode: null,
      project: null,
      removeDefaultNodePool: null,
    },
  },
  "gcp:container/nodePool:NodePool": {
    document: "container.v1",
    schema: "NodePool",
    names: {
      cluster: null,
      location: null,
      nodeConfig: "config",
      "nodeConfig.guestAccelerators": "accelerators",
      "nodeConfig.guestAccelerators.count": "acceleratorCount",
      "nodeConfig.guestAccelerators.type": "acceleratorType",
      nodeLocations: "locations",
      project: null,
    },
  },
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": {
    document: "logging.v2",
    schema: "LogBucket",
    names: { bucketId: null, location: null, project: null },
  },
  "gcp:logging/projectExclusion:ProjectExclusion": {
    document: "logging.v2",
    schema: "LogExclusion",
    names: { project: null },
  },
  "gcp:logging/projectSink:ProjectSink": {
    document: "logging.v2",
    schema: "LogSink",
    names: { project: null, uniqueWriterIdentity: null },
  },
  "gcp:managedkafka/acl:Acl": {
    document: "managedkafka.v1",
    schema: "Acl",
    names: { aclId: null, cluster: null, location: null, project: null },
  },
  "gcp:managedkafka/cluster:Cluster": {
    document: "managedkafka.v1",
    schema: "Cluster",
    names: { clusterId: null, location: null, project: null },
  },
  "gcp:managedkafka/topic:Topic": {
    document: "managedkafka.v1",
    schema: "Topic",
    names: { cluster: null, location: null, project: null, topicId: null },
  },
  "gcp:redis/instance:Instance": {
    document: "redis.v1",
    schema: "Instance",
    names: {
      deletionProtection: null,
      "maintenancePolicy.weeklyMaintenanceWindows": "weeklyMaintenanceWindow",
      project: null,
      region: null,
    },
  },
  "gcp:serviceaccount/account:Account": {
    document: "iam.v1",
    schema: "ServiceAccount",
    names: { accountId: null, project: null },
  },
  "gcp:servicenetworking/connection:Connection": { document: "servicenetworking.v1", schema: "Connection" },
  "gcp:sql/database:Database": {
    document: "sqladmin.v1",
    schema: "Database",
    names: { deletionPolicy: null },
  },
  "gcp:sql/databaseInstance:DatabaseInstance": {
    document: "sqladmin.v1",
    schema: "DatabaseInstance",
    names: {
      deletionProtection: null,
      "settings.diskAutoresize": "storageAutoResize",
      "settings.diskSize": "dataDiskSizeGb",
      "settings.diskType": "dataDiskType",
    },
  },
  "gcp:sql/user:User": { document: "sqladmin.v1", schema: "User", names: { deletionPolicy: null } },
  "gcp:storage/bucket:Bucket": {
    document: "storage.v1",
    schema: "Bucket",
    names: {
      forceDestroy: null,
      lifecycleRules: "lifecycle.rule",
      "lifecycleRules.condition.matchesPrefixes": "matchesPrefix",
      project: null,
      publicAccessPrevention: "iamConfiguration.publicAccessPrevention",
      uniformBucketLevelAccess: "iamConfiguration.uniformBucketLevelAccess.enabled",
    },
  },
};
