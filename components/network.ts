import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, type Transform } from "./component";
import { networkSpec, POD_RANGE, SERVICE_RANGE, type NetworkRanges } from "./network.args";

export interface NetworkArgs {
  /** Region of the subnetwork, such as "europe-west3". */
  region: string;
  /** @default - 10.0.0.0/20 for nodes, 10.4.0.0/14 for pods, 10.8.0.0/20 for Services */
  ranges?: NetworkRanges;
  transform?: {
    network?: Transform<gcp.compute.NetworkArgs>;
    subnetwork?: Transform<gcp.compute.SubnetworkArgs>;
    nat?: Transform<gcp.compute.RouterNatArgs>;
  };
}

/**
 * A private network: nodes without public addresses, egress through Cloud NAT, and private access to Google's managed
 * services (Cloud SQL, Memorystore).
 *
 * @example
 * const network = new Network("network", { region: "europe-west3" });
 * new GkeCluster("cluster", { network, ... });
 */
export class Network extends Component {
  readonly network: gcp.compute.Network;
  readonly subnetwork: gcp.compute.Subnetwork;
  readonly router: gcp.compute.Router;
  readonly nat: gcp.compute.RouterNat;
  /** Private service access. Managed datastores need it in `dependsOn` to get a private address. */
  readonly managedAccess: gcp.servicenetworking.Connection;
  /** Addresses of nodes and of other resources in the subnetwork, such as Kafka brokers. */
  readonly nodeRange: string;
  /** Names of the subnetwork's ranges for pods and Services. */
  readonly podRange = POD_RANGE;
  readonly serviceRange = SERVICE_RANGE;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:platform:Network", name, opts);
    const { transform = {} } = args;
    const spec = networkSpec(name, args.region, args.ranges);

    this.nodeRange = spec.subnetwork.ipCidrRange;
    this.network = this.child(gcp.compute.Network, "vpc", spec.network, { transform: transform.network });
    const network = this.network.selfLink;
    this.subnetwork = this.child(
      gcp.compute.Subnetwork,
      "subnet",
      { ...spec.subnetwork, network },
      { transform: transform.subnetwork },
    );
    this.router = this.child(gcp.compute.Router, "router", { ...spec.router, network });
    this.nat = this.child(
      gcp.compute.RouterNat,
      "nat",
      { ...spec.nat, router: this.router.name },
      { transform: transform.nat },
    );
    this.managedAccess = this.accessToManagedServices(spec);
    this.registerOutputs({ network, subnetwork: this.subnetwork.selfLink });
  }

  private accessToManagedServices(spec: ReturnType<typeof networkSpec>): gcp.servicenetworking.Connection {
    const network = this.network.selfLink;
    const range = this.child(gcp.compute.GlobalAddress, "managed-range", { ...spec.managedRange, network });
    return this.child(gcp.servicenetworking.Connection, "managed-access", {
      ...spec.managedAccess,
      network,
      reservedPeeringRanges: [range.name],
    });
  }
}
