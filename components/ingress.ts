import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import {
  backendSpec,
  gkeIngressSpec,
  limitRules,
  type BackendSpecArgs,
  type LimitedPath,
} from "./ingress.args";
import { kubernetesObject } from "./kubernetes-object";

export interface GkeIngressArgs {
  project: string;
  namespace: string;
  /** Host names. Google issues the certificate after their DNS records point at `address`. */
  hosts: readonly string[];
  /** Services behind the Ingress: the name of each BackendConfig and its health check. */
  backends: readonly GkeBackend[];
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: { address?: Transform<gcp.compute.GlobalAddressArgs> };
}

export interface GkeBackend extends Omit<BackendSpecArgs, "namespace"> {
  /** Paths, the longest first, if one has a rate limit. @default - no limits */
  paths?: readonly LimitedPath[];
}

/**
 * The parts around an Ingress on GKE: a static address, a managed certificate, TLS 1.2 or newer, a redirect from HTTP
 * to HTTPS, health checks and security headers. Set `annotations` on the Ingress object.
 */
export class GkeIngress extends Component {
  readonly address: gcp.compute.GlobalAddress;
  /** Annotations to set on the Ingress. */
  readonly annotations: Readonly<Record<string, pulumi.Output<string> | string>>;
  /** Resources that the Ingress depends on. */
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

  /** Name of the rate limiting policy of a service. */
  private limits({ name, paths }: GkeBackend, project: string): pulumi.Output<string> | undefined {
    return paths
      ? this.child(gcp.compute.SecurityPolicy, `${name}-limits`, { project, rules: limitRules(paths) }).name
      : undefined;
  }

  private annotationsFor(name: string): Record<string, pulumi.Output<string> | string> {
    return {
      // GKE reads the class from this annotation only.
      "kubernetes.io/ingress.class": "gce",
      "kubernetes.io/ingress.global-static-ip-name": this.address.name,
      "networking.gke.io/managed-certificates": name,
      "networking.gke.io/v1beta1.FrontendConfig": name,
    };
  }
}
