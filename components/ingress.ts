import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import {
  backendSpec,
  gkeIngressSpec,
  limitRules,
  type BackendSpecArgs,
  type LimitedPath,
} from "./ingress.spec";
import { kubernetesObject } from "./kubernetes-object";

export interface GkeIngressArgs {
  project: string;
  namespace: string;
  /** Host names that are served. Their DNS must lead to `address` before the certificate is issued. */
  hosts: readonly string[];
  /** Services behind it: the name of each one's BackendConfig and how it is asked whether it is healthy. */
  backends: readonly GkeBackend[];
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: { address?: Transform<gcp.compute.GlobalAddressArgs> };
}

export interface GkeBackend extends Omit<BackendSpecArgs, "namespace"> {
  /** Its paths, the longest first, where one of them has a limit. @default - no limits */
  paths?: readonly LimitedPath[];
}

/**
 * What an Ingress on GKE needs around it: an address that stays, a certificate that Google issues and renews,
 * TLS 1.2 at least, HTTP redirected to HTTPS, health checks and security headers. The Ingress object itself
 * carries `annotations`.
 */
export class GkeIngress extends Component {
  readonly address: gcp.compute.GlobalAddress;
  /** To be set on the Ingress. */
  readonly annotations: Readonly<Record<string, pulumi.Output<string> | string>>;
  /** What the Ingress must wait for. */
  readonly parts: readonly pulumi.Resource[];

  constructor(name: string, args: GkeIngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:platform:GkeIngress", name, opts);
    const { project, namespace, hosts, lifecycle = "retain", transform } = args;
    this.address = this.child(
      gcp.compute.GlobalAddress,
      "address",
      { project, addressType: "EXTERNAL" },
      { ...stateful(lifecycle), transform: transform?.address },
    );
    const sslPolicy = this.child(gcp.compute.SSLPolicy, "tls", {
      project,
      profile: "MODERN",
      minTlsVersion: "TLS_1_2",
    });

    const parent = { parent: this };
    const { certificate, frontend } = gkeIngressSpec({ name, namespace, hosts, sslPolicy: sslPolicy.name });
    this.parts = [
      kubernetesObject(`${name}-managed-certificate`, certificate, parent),
      kubernetesObject(`${name}-frontend-config`, frontend, parent),
      ...args.backends.map((backend) =>
        kubernetesObject(
          `${name}-${backend.name}-backend-config`,
          backendSpec({ ...backend, namespace, securityPolicy: this.limits(backend, project) }),
          parent,
        ),
      ),
    ];
    this.annotations = this.annotationsFor(name);
    this.registerOutputs({ address: this.address.address });
  }

  /** Name of the policy that limits how often one client asks a service. */
  private limits({ name, paths }: GkeBackend, project: string): pulumi.Output<string> | undefined {
    return paths
      ? this.child(gcp.compute.SecurityPolicy, `${name}-limits`, { project, rules: limitRules(paths) }).name
      : undefined;
  }

  private annotationsFor(name: string): Record<string, pulumi.Output<string> | string> {
    return {
      // GKE reads the class in this annotation only.
      "kubernetes.io/ingress.class": "gce",
      "kubernetes.io/ingress.global-static-ip-name": this.address.name,
      "networking.gke.io/managed-certificates": name,
      "networking.gke.io/v1beta1.FrontendConfig": name,
    };
  }
}
