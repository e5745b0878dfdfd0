import type { PlannedImage, Workload } from "../../catalog/plan/types";
import type { Resolver } from "../../catalog/plan/resolve";

/** Part of a Kubernetes object. Only scalars can be late values (T). */
export type Node<T> =
  | string
  | number
  | boolean
  | null
  | T
  | readonly Node<T>[]
  | { readonly [field: string]: Node<T> | undefined };

/** A Kubernetes object as plain data. T is `string` for documents and `Output<string>` for Pulumi. */
export interface KubernetesObject<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata<T>;
  readonly [field: string]: Node<T> | Metadata<T> | undefined;
}

export interface Metadata<T> {
  readonly name: string | T;
  /** Namespace of the object. @default - none: the object is a Namespace */
  readonly namespace?: string;
  readonly labels: Labels;
  readonly annotations?: Readonly<Record<string, string | T>>;
}

export type Labels = Readonly<Record<string, string>>;

/** Options that depend on the cluster. */
export interface KubernetesOptions<T> {
  /** Resolves secrets and addresses of managed datastores. */
  resolver: Resolver<T>;
  /** Returns the reference that pods pull, preferably by digest. */
  imageReference(image: PlannedImage): string | T;
  /**
   * Text that changes with the image and is known before the build. A change runs a Job again. @default - the image's
   * reference, which must then be known text
   */
  imageVersion?(image: PlannedImage): string;
  /** Namespace of the objects. @default - the system's name */
  namespace?: string;
  /** Stack that owns the namespace. The API server rejects another stack. @default - the owner is not recorded */
  stack?: string;
  /**
   * Name of the Secret with a workload's secret files. A name that changes with the content restarts only the pods that
   * use it, one at a time. @default `<workload>-secrets`
   */
  secretName?(workload: Workload): string | T;
  /**
   * Checksum in the pods' annotations, which restarts pods when a Secret changes under the same name. Must be an HMAC,
   * not a plain hash, so that values cannot be guessed. @default - none: a changed Secret has a new name
   */
  secretChecksum?(workload: Workload): string | T | undefined;
  /**
   * Content of the pull secret, a Docker config `{"auths": …}`. Every service account refers to it. @default - none:
   * nodes have their own credentials
   */
  readonly pullLogin?: string | T;
  /** CIDR of a managed datastore, because NetworkPolicies cannot contain host names. @default - its address as /32 */
  datastoreRange?(datastore: string): string | T;
  /** Annotations of a workload's ServiceAccount, such as its cloud identity. @default - none */
  accountAnnotations?(workload: Workload): Readonly<Record<string, string | T>>;
  /** Addresses of the servers that issue tokens to workloads with cloud roles. @default - none */
  tokenServers?: readonly { readonly cidr: string; readonly port: number }[];
  /** Source of user requests to routed workloads. @default the namespace `ingress-nginx` */
  edge?: EdgeSource;
  /** Options of the Ingresses. @default - the cluster's default class and certificate */
  ingress?: IngressOptions<T>;
  /** Annotations of a workload's Service, such as the load balancer's settings. @default - none */
  serviceAnnotations?(workload: Workload): Readonly<Record<string, string | T>>;
  /** Addresses of DNS servers besides the cluster's DNS pods. @default ["169.254.20.10/32"], the node-local cache */
  dnsRanges?: readonly string[];
  /** Namespace whose pods may scrape metrics. @default - none */
  monitoringNamespace?: string;
  /** Storage class of volumes. @default - the cluster's default class */
  storageClass?: string;
  /** Whether volumes are kept when a datastore is deleted. @default "retain" */
  lifecycle?: "retain" | "ephemeral";
  /** Whether the API server rejects images without a digest. @default false */
  readonly requireDigests?: boolean;
  /** Seconds that a pod keeps serving after its removal from the endpoints. @default 5 */
  drainSeconds?: number;
}

export type EdgeSource =
  { readonly ranges: readonly string[] } | { readonly namespace: string; readonly podLabels?: Labels };

export interface IngressOptions<T> {
  /** Ingress class. @default - the cluster's default class */
  className?: string;
  /** Annotations of every Ingress. @default {} */
  annotations?: Readonly<Record<string, string | T>>;
  /** Secret with the certificate, or null if the certificate is provided differently. @default `<system>-tls` */
  tlsSecret?: string | T | null;
}
