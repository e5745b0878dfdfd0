import type { PlannedImage, Workload } from "../../catalog/plan/types";
import type { Resolver } from "../../catalog/plan/resolve";

/** Part of a Kubernetes object. A late value (T) stands only where a scalar stands. */
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
  /** @default - none: the object is a Namespace */
  readonly namespace?: string;
  readonly labels: Labels;
  readonly annotations?: Readonly<Record<string, string | T>>;
}

export type Labels = Readonly<Record<string, string>>;

/** What the plan leaves to the cluster at hand. */
export interface KubernetesOptions<T> {
  /** Supplies what the plan does not know: secrets and addresses of managed datastores. */
  resolver: Resolver<T>;
  /** What pods pull, best by digest. */
  imageReference(image: PlannedImage): string | T;
  /**
   * Text that changes when the image does, known before it is built. A Job runs again when it changes.
   * @default - the image's reference, which must then be known text
   */
  imageVersion?(image: PlannedImage): string;
  /** @default - the system's name */
  namespace?: string;
  /** Stack that owns the namespace: the API server refuses it to another stack. @default - not written down */
  stack?: string;
  /**
   * Name of the Secret with a workload's secret files. A new name with every change restarts exactly the pods
   * that use it, one at a time.
   * @default `<workload>-secrets`
   */
  secretName?(workload: Workload): string | T;
  /**
   * Goes into the pods' annotations, so that they restart when a Secret changes under the same name. Must not
   * allow guessing: a HMAC, not a plain hash.
   * @default - none: a changed Secret has a new name
   */
  secretChecksum?(workload: Workload): string | T | undefined;
  /**
   * With which pods pull: content of a Docker config, `{"auths": …}`. It is a Secret that every account names.
   * @default - none: nodes can pull by themselves
   */
  readonly pullLogin?: string | T;
  /** Host names are out of reach for a NetworkPolicy; this is the CIDR of a managed datastore. @default - its address as /32 */
  datastoreRange?(datastore: string): string | T;
  /** Annotations of a workload's ServiceAccount, such as who it is for the cloud. @default - none */
  accountAnnotations?(workload: Workload): Readonly<Record<string, string | T>>;
  /** Where workloads with roles in the cloud get their tokens. @default - nowhere */
  tokenServers?: readonly { readonly cidr: string; readonly port: number }[];
  /** From where requests of users arrive at routed workloads. @default the namespace `ingress-nginx` */
  edge?: EdgeSource;
  /** @default - class and certificate are the cluster's defaults */
  ingress?: IngressOptions<T>;
  /** Annotations of a workload's Service, such as the load balancer's settings. @default - none */
  serviceAnnotations?(workload: Workload): Readonly<Record<string, string | T>>;
  /** Addresses outside the cluster's DNS pods that answer DNS. @default ["169.254.20.10/32"], the node-local cache */
  dnsRanges?: readonly string[];
  /** Namespace whose pods may read metrics. @default - none */
  monitoringNamespace?: string;
  /** @default - the cluster's default class */
  storageClass?: string;
  /** What becomes of disks when a store is deleted. @default "retain" */
  lifecycle?: "retain" | "ephemeral";
  /** Whether the API server refuses images that are not named by digest. @default false */
  readonly requireDigests?: boolean;
  /** Seconds that a pod still serves after it was taken out of the endpoints. @default 5 */
  drainSeconds?: number;
}

export type EdgeSource =
  { readonly ranges: readonly string[] } | { readonly namespace: string; readonly podLabels?: Labels };

export interface IngressOptions<T> {
  /** @default - the cluster's default class */
  className?: string;
  /** @default {} */
  annotations?: Readonly<Record<string, string | T>>;
  /** Secret with the certificate; null where the certificate comes in another way. @default `<system>-tls` */
  tlsSecret?: string | T | null;
}
