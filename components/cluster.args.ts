/** Arguments that both kinds of cluster share, as plain data or values of other resources (T). */
export interface ClusterSpecArgs<T> {
  project: string;
  /** A region, for a control plane in three zones. */
  region: string;
  network: T;
  subnetwork: T;
  podRange: string;
  serviceRange: string;
  /** E-mail address of the nodes' service account. */
  nodeAccount: T;
  protect: boolean;
  /** Release channel of Kubernetes versions. @default "REGULAR" */
  releaseChannel?: "RAPID" | "REGULAR" | "STABLE";
  /** Maintenance window: start in UTC and days. @default four hours from 02:00 UTC on Tuesday to Thursday */
  maintenance?: { start: string; hours: number; days: readonly Weekday[] };
  /** Key of Cloud KMS that encrypts Secrets in etcd. @default - Google's own encryption */
  encryptionKey?: T;
}

export type Weekday = "MO" | "TU" | "WE" | "TH" | "FR" | "SA" | "SU";

/** The scope that leaves authorization to IAM roles of the service account. */
export const SCOPES = ["https://www.googleapis.com/auth/cloud-platform"];

/** A cluster whose nodes Google manages. Arguments that Autopilot sets must be absent, or the API rejects them. */
export function autopilotSpec<T>(args: ClusterSpecArgs<T>) {
  return {
    ...common(args),
    enableAutopilot: true,
    clusterAutoscaling: {
      autoProvisioningDefaults: { serviceAccount: args.nodeAccount, oauthScopes: SCOPES },
    },
  };
}

/** A cluster with self-managed node pools, for GPUs, devices or full control of machines. The pools are separate resources. */
export function standardSpec<T>(args: ClusterSpecArgs<T>) {
  return {
    ...common(args),
    // Dataplane V2 enforces NetworkPolicy; the default data path does not.
    datapathProvider: "ADVANCED_DATAPATH",
    workloadIdentityConfig: { workloadPool: `${args.project}.svc.id.goog` },
    enableShieldedNodes: true,
    enableIntranodeVisibility: true,
    verticalPodAutoscaling: { enabled: true },
    addonsConfig: {
      dnsCacheConfig: { enabled: true },
      gcePersistentDiskCsiDriverConfig: { enabled: true },
      // Mounts buckets as volumes, for backups; always enabled on Autopilot.
      gcsFuseCsiDriverConfig: { enabled: true },
      horizontalPodAutoscaling: { disabled: false },
      httpLoadBalancing: { disabled: false },
    },
    loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS", "WORKLOADS"] },
    // Metrics that the recording rules need (`render/monitoring/cluster-recordings.ts`). Autopilot collects them by default.
    monitoringConfig: {
      enableComponents: ["SYSTEM_COMPONENTS", "DEPLOYMENT", "POD", "STATEFULSET"],
      managedPrometheus: { enabled: true },
    },
    // A cluster needs an initial pool. It is removed at once, so that pools can change independently of the cluster.
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: { serviceAccount: args.nodeAccount, oauthScopes: SCOPES },
  };
}

function common<T>(args: ClusterSpecArgs<T>) {
  const { maintenance = { start: "02:00", hours: 4, days: ["TU", "WE", "TH"] as const } } = args;
  return {
    location: args.region,
    network: args.network,
    subnetwork: args.subnetwork,
    networkingMode: "VPC_NATIVE",
    ipAllocationPolicy: {
      clusterSecondaryRangeName: args.podRange,
      servicesSecondaryRangeName: args.serviceRange,
    },
    privateClusterConfig: { enablePrivateNodes: true },
    // Access by DNS name through Google's front end, authorized by IAM; the control plane has no public address.
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { allowExternalTraffic: true },
      ipEndpointsConfig: { enabled: false },
    },
    releaseChannel: { channel: args.releaseChannel ?? "REGULAR" },
    maintenancePolicy: { recurringWindow: recurringWindow(maintenance) },
    gatewayApiConfig: { channel: "CHANNEL_STANDARD" },
    securityPostureConfig: { mode: "BASIC", vulnerabilityMode: "VULNERABILITY_DISABLED" },
    costManagementConfig: { enabled: true },
    ...(args.encryptionKey !== undefined && {
      databaseEncryption: { state: "ENCRYPTED", keyName: args.encryptionKey },
    }),
    deletionProtection: args.protect,
  };
}

/** The API requires dates but evaluates only their times. */
function recurringWindow({ start, hours, days }: { start: string; hours: number; days: readonly Weekday[] }) {
  const [hour = 0, minute = 0] = start.split(":").map(Number);
  const at = (addedHours: number): string =>
    new Date(Date.UTC(2026, 0, 1, hour + addedHours, minute)).toISOString().replace(".000Z", "Z");
  return { startTime: at(0), endTime: at(hours), recurrence: `FREQ=WEEKLY;BYDAY=${days.join(",")}` };
}

/** Name of the kubeconfig's extension that marks an Autopilot cluster. Clients ignore it; checks without a cluster read it. */
export const AUTOPILOT_CLUSTER = "longshore/autopilot";

/**
 * Kubeconfig of the cluster, for kubectl and the provider: its DNS name and the plugin that fetches a token of the
 * current user. Contains no credential.
 */
export function kubeconfig(name: string, endpoint: string, mode: "autopilot" | "standard"): string {
  const user = {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      command: "gke-gcloud-auth-plugin",
      installHint: "Install gke-gcloud-auth-plugin: gcloud components install gke-gcloud-auth-plugin",
      provideClusterInfo: true,
    },
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: `https://${endpoint}`,
          ...(mode === "autopilot" && { extensions: [{ name: AUTOPILOT_CLUSTER, extension: {} }] }),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [{ name, user }],
  });
}
