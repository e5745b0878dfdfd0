import * as gcp from "@pulumi/gcp";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { autopilotSpec, kubeconfig, standardSpec, type ClusterSpecArgs } from "./cluster.args";
import { Component, stateful, transformed, type Lifecycle, type Transform } from "./component";
import type { Network } from "./network";
import { DEFAULT_POOLS, nodePoolSpec, type NodePoolSpecArgs } from "./node-pool.args";
import type { Registry } from "./registry";

export interface GkeClusterArgs extends Pick<
  ClusterSpecArgs<pulumi.Input<string>>,
  "project" | "region" | "releaseChannel" | "maintenance" | "encryptionKey"
> {
  /** `autopilot`: nodes managed by Google. `standard`: the node pools in `pools`. @default "autopilot" */
  mode?: "autopilot" | "standard";
  network: Network;
  /** Registry from which nodes may pull images. @default - none */
  registry?: Registry;
  /** Name of the nodes' service account, 6 to 30 characters, unique in the project. @default "NAME-nodes" */
  nodeAccountId?: string;
  /** Node pools of a standard cluster, by name. @default { general: {} } */
  pools?: Readonly<Record<string, NodePoolSpecArgs>>;
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: {
    cluster?: Transform<gcp.container.ClusterArgs>;
    pool?: Transform<gcp.container.NodePoolArgs>;
    provider?: Transform<kubernetes.ProviderArgs>;
  };
}

/**
 * A private GKE cluster with NetworkPolicy enforcement and Workload Identity. Clients connect to its DNS name, authorized by IAM.
 *
 * @example
 * const cluster = new GkeCluster("cluster", { project, region, network, registry });
 * new kubernetes.core.v1.Namespace("todo", {}, { provider: cluster.provider });
 */
export class GkeCluster extends Component {
  readonly cluster: gcp.container.Cluster;
  readonly pools: readonly gcp.container.NodePool[];
  readonly nodeAccount: gcp.serviceaccount.Account;
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: kubernetes.Provider;

  constructor(name: string, args: GkeClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:platform:GkeCluster", name, opts);
    const { account, grants } = this.leastPrivilegedNodes(args);
    this.nodeAccount = account;
    this.cluster = this.controlPlane(args, grants);
    this.pools = args.mode === "standard" ? this.nodePools(args) : [];
    this.kubeconfig = this.kubeconfigOf(this.cluster, args.mode ?? "autopilot");
    this.provider = this.kubernetesProvider(args);
    this.registerOutputs({ name: this.cluster.name, kubeconfig: this.kubeconfig });
  }

  /** Roles of nodes: write logs and metrics. Google's default would be roles/editor on the project. */
  private leastPrivilegedNodes({ project, nodeAccountId, registry }: GkeClusterArgs) {
    const account = this.child(gcp.serviceaccount.Account, "nodes", {
      project,
      accountId: nodeAccountId ?? `${this.label}-nodes`,
      displayName: `Nodes of ${this.label}`,
    });
    const role = this.child(gcp.projects.IAMMember, "nodes-role", {
      project,
      role: "roles/container.defaultNodeServiceAccount",
      member: account.member,
    });
    const pull = registry?.allowPull(`${this.label}-nodes`, account.member);
    return { account, grants: pull ? [role, pull] : [role] };
  }

  private controlPlane(args: GkeClusterArgs, grants: readonly pulumi.Resource[]): gcp.container.Cluster {
    const { network, lifecycle = "retain", mode = "autopilot" } = args;
    const known: ClusterSpecArgs<pulumi.Input<string>> = {
      ...args,
      network: network.network.selfLink,
      subnetwork: network.subnetwork.selfLink,
      podRange: network.podRange,
      serviceRange: network.serviceRange,
      nodeAccount: this.nodeAccount.email,
      protect: lifecycle === "retain",
    };
    const spec = mode === "autopilot" ? autopilotSpec(known) : standardSpec(known);
    return this.child(
      gcp.container.Cluster,
      "gke",
      { ...spec, project: args.project },
      {
        ...stateful(lifecycle),
        // Describes the removed initial pool; the API reports values of another one.
        ...(mode === "standard" && { ignoreChanges: ["nodeConfig"] }),
        // Nodes become ready only with network egress and permission to report.
        dependsOn: [network.nat, ...grants],
        transform: args.transform?.cluster,
      },
    );
  }

  private nodePools({
    project,
    region,
    pools = DEFAULT_POOLS,
    transform,
  }: GkeClusterArgs): gcp.container.NodePool[] {
    return Object.entries(pools).map(([name, pool]) =>
      this.child(
        gcp.container.NodePool,
        `pool-${name}`,
        {
          ...nodePoolSpec(name, pool, region, this.nodeAccount.email),
          cluster: this.cluster.name,
          location: region,
          project,
        },
        { transform: transform?.pool },
      ),
    );
  }

  private kubeconfigOf(
    { name, controlPlaneEndpointsConfig }: gcp.container.Cluster,
    mode: "autopilot" | "standard",
  ): pulumi.Output<string> {
    return pulumi
      .all([name, controlPlaneEndpointsConfig])
      .apply(([cluster, { dnsEndpointConfig }]) => kubeconfig(cluster, dnsEndpointConfig.endpoint, mode));
  }

  private kubernetesProvider({ project, region, transform }: GkeClusterArgs): kubernetes.Provider {
    const args: kubernetes.ProviderArgs = {
      kubeconfig: this.kubeconfig,
      // Without it, a kubeconfig that is unknown during preview counts as another cluster, and every object is replaced.
      // The ID has no API version, which in the self link changes with the provider. The name is known in a preview.
      clusterIdentifier: pulumi.interpolate`projects/${project}/locations/${region}/clusters/${this.cluster.name}`,
      enableServerSideApply: true,
    };
    return new kubernetes.Provider(`${this.label}-kubernetes`, transformed(args, transform?.provider), {
      parent: this,
      dependsOn: [...this.pools],
    });
  }
}
