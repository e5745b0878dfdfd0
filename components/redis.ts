import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import { memorystoreSpec, type MemorystoreSpecArgs } from "./redis.args";

export interface MemorystoreRedisArgs extends MemorystoreSpecArgs {
  project: string;
  region: string;
  /** Self link of the network of its private address. Add that network's `managedAccess` to `dependsOn`. */
  network: pulumi.Input<string>;
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: { instance?: Transform<gcp.redis.InstanceArgs> };
}

/**
 * Redis on Memorystore: private address, TLS only, with a password that Google generates.
 *
 * @example
 * const cache = new MemorystoreRedis("orders-cache", {
 *   project, region, network: network.network.selfLink, memory: "1Gi", eviction: "allkeys-lru",
 * }, { dependsOn: [network.managedAccess] });
 */
export class MemorystoreRedis extends Component {
  readonly instance: gcp.redis.Instance;
  /** Private address. */
  readonly host: pulumi.Output<string>;
  /** Secret. */
  readonly password: pulumi.Output<string>;
  /** CA certificates (PEM) of the server; several while Google rotates them. */
  readonly authority: pulumi.Output<string>;
  readonly port = 6378;

  constructor(name: string, args: MemorystoreRedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:data:MemorystoreRedis", name, opts);
    const { project, region, network, lifecycle = "retain", transform } = args;
    const spec = memorystoreSpec(this.label, args, lifecycle === "retain");
    this.instance = this.child(
      gcp.redis.Instance,
      "instance",
      { ...spec, project, region, authorizedNetwork: network },
      {
        ...stateful(lifecycle),
        customTimeouts: { create: "60m", update: "60m", delete: "30m" },
        transform: transform?.instance,
      },
    );
    this.host = this.instance.host;
    this.password = pulumi.secret(this.instance.authString);
    this.authority = this.instance.serverCaCerts.apply((all) => all.map(({ cert }) => cert).join("\n"));
    this.registerOutputs({ host: this.host });
  }
}
