import { AUTOPILOT_CLUSTER } from "../components/cluster.args";
import { storedByAutopilot } from "./autopilot";
import { changes, formatPath, matchesPattern, type Change } from "./diff";
import { fingerprint } from "./gcp/types";
import type { Failure, Planner, Subject } from "./planner";
import { checkKubernetesObject, KUBERNETES_VERSION, knowsKubernetesKind } from "./schemas/kubernetes";
import { isObject, isUnknown, merge, text, type Json, type Properties } from "./values";

/** Annotation of the provider on objects with a generated name. */
const AUTONAMED = "pulumi.com/autonamed";

/**
 * Fields whose change replaces an object, by kind, in addition to name and namespace. Source: the Pulumi provider for
 * Kubernetes (`provider/pkg/provider/diff.go`).
 */
export const REPLACE_ON: Readonly<Record<string, readonly string[]>> = {
  "apps/v1/DaemonSet": ["spec.selector"],
  "apps/v1/Deployment": ["spec.selector"],
  "apps/v1/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/ConfigMap": ["binaryData", "data"],
  "v1/PersistentVolumeClaim": ["spec"],
  "v1/Pod": ["spec"],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Secret": ["data", "stringData", "type"],
  "v1/Service": ["spec.clusterIP"],
};

/** Plans Kubernetes objects: checks each against the schemas of the API server, without a cluster. */
export const kubernetes: Planner = {
  package: "kubernetes",
  sdk: "@pulumi/kubernetes",
  assumptions: [
    `Kubernetes objects are checked against the schemas of Kubernetes ${KUBERNETES_VERSION}, not by a cluster`,
  ],

  stored({ inputs, config }) {
    if (SCHEDULED.includes(text(inputs.kind) ?? "")) {
      admit({ inputs, config });
    }
    return isAutopilot(config) ? storedByAutopilot(inputs) : inputs;
  },

  complete(subject, previous, unique) {
    const metadata = record(subject.inputs.metadata);
    if (metadata.name !== undefined) {
      return {};
    }
    const before = record(previous?.metadata);
    const made = record(before.annotations)[AUTONAMED] === "true" ? text(before.name) : undefined;
    return { metadata: { name: made ?? `${subject.name}-${unique}`, annotations: { [AUTONAMED]: "true" } } };
  },

  check({ type, inputs, config }): Failure[] {
    if (/^kubernetes:(helm|yaml|kustomize)/.test(type) || type.endsWith("Patch")) {
      return [{ property: "", reason: `the offline provider cannot plan ${type}: it needs a cluster` }];
    }
    const [apiVersion, kind] = [text(inputs.apiVersion) ?? "", text(inputs.kind) ?? ""];
    // The cluster validates custom resources by their definition; here only the object's shape is checked.
    const problems = checkKubernetesObject(inputs, { isLate: (value) => isUnknown(value as Json) });
    const known = knowsKubernetesKind(apiVersion, kind);
    return [
      ...problems
        .filter(() => known || !isCustomResource(apiVersion))
        .map(({ path, message, fix }) => ({
          property: path.replace(/^[^.]*\/[^.]*?\.(?=[a-z])/, ""),
          reason: fix ? `${message}; ${fix}` : message,
        })),
      ...(isAutopilot(config) ? mutations(inputs) : []),
      ...checkBackendConfig(inputs),
      ...checkSidecar(inputs),
    ];
  },

  replaces(_type, change: Change, before) {
    const key = `${text(before.apiVersion)}/${text(before.kind)}`;
    const always = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];
    return matchesPattern(change.path, [...always, ...(REPLACE_ON[key] ?? [])]);
  },

  /** Whether the old object must be deleted first: only when both would have the same, not generated name. */
  deleteFirst(_type, before, after) {
    const [old, next] = [record(before.metadata), record(after.metadata)];
    const isMade = record(next.annotations)[AUTONAMED] === "true";
    return !isMade && old.name === next.name && old.namespace === next.namespace;
  },

  create(subject, { preview }) {
    const { inputs, urn } = subject;
    const metadata = record(inputs.metadata);
    if (!preview) {
      admit(subject);
    }
    const [name, namespace] = [text(metadata.name) ?? "unnamed", text(metadata.namespace)];
    const clusterWide = namespace === undefined;
    const late: Properties = preview ? {} : { metadata: { uid: fingerprint(urn) } };
    return { id: clusterWide ? name : `${namespace}/${name}`, outputs: merge({}, late) };
  },

  secrets: (type) => (type === "kubernetes:core/v1:Secret" ? ["data", "stringData"] : []),

  checkConfig(config) {
    return config.kubeconfig === undefined && config.context === undefined
      ? [{ property: "kubeconfig", reason: "not set: the provider would use whatever cluster is current" }]
      : [];
  },

  /** Like the provider, compares clusters by `clusterIdentifier` if set, else by kubeconfig. */
  replacesConfig: (change, before, after) =>
    change.path[0] === "clusterIdentifier" ||
    (change.path[0] === "kubeconfig" &&
      before.clusterIdentifier === undefined &&
      after.clusterIdentifier === undefined),
};

/** Whether the provider's cluster is an Autopilot cluster of `GkeCluster`, whose kubeconfig says so. */
function isAutopilot({ kubeconfig }: Properties): boolean {
  return text(kubeconfig)?.includes(AUTOPILOT_CLUSTER) ?? false;
}

/** GKE keeps a Cloud Armor policy that was attached before until the name is empty. Source: ingress-gce#2209. */
function checkBackendConfig({ kind, spec }: Properties): Failure[] {
  return kind === "BackendConfig" && record(record(spec).securityPolicy).name === undefined
    ? [
        {
          property: "spec.securityPolicy.name",
          reason:
            'not set: GKE keeps the policy attached before, and its deletion fails; set "" to detach it',
        },
      ]
    : [];
}

/** The container of the Cloud Storage FUSE driver requests 5 GiB of disk, more than a LimitRange's default limit. */
function checkSidecar(inputs: Properties): Failure[] {
  return podTemplates(inputs).flatMap(({ path, annotations }) =>
    annotations["gke-gcsfuse/volumes"] === "true"
      ? ["cpu", "memory", "ephemeral-storage"]
          .map((resource) => `gke-gcsfuse/${resource}-limit`)
          .filter((annotation) => annotations[annotation] === undefined)
          .map((annotation) => ({
            property: `${path}metadata.annotations["${annotation}"]`,
            reason: "not set: a LimitRange would limit the sidecar below its request",
          }))
      : [],
  );
}

/** The metadata of an object's pods: its own, or that of its template. */
function podTemplates(inputs: Properties): { readonly path: string; readonly annotations: Properties }[] {
  const { kind, spec } = inputs;
  const isCron = kind === "CronJob";
  const inner = isCron ? record(record(record(spec).jobTemplate).spec) : record(spec);
  const path = isCron ? "spec.jobTemplate.spec.template." : "spec.template.";
  return [
    ...(kind === "Pod" ? [{ path: "", annotations: record(record(inputs.metadata).annotations) }] : []),
    ...(isObject(inner.template)
      ? [{ path, annotations: record(record(inner.template.metadata).annotations) }]
      : []),
  ];
}

/** Values that Autopilot would raise: every update would find a difference, and a Job would be replaced. */
function mutations(inputs: Properties): Failure[] {
  const stored = storedByAutopilot(inputs);
  return changes(inputs, stored).map(({ path }) => ({
    property: formatPath(path),
    reason: `expected at least ${textOf(at(stored, path))} on GKE Autopilot, got ${textOf(at(inputs, path))}`,
  }));
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function at(from: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (value, step) => (typeof value === "object" && value !== null ? (value as Properties)[step] : undefined),
    from,
  );
}

/** Kinds whose pods make the cluster create its first node. */
const SCHEDULED = ["DaemonSet", "Deployment", "Job", "Pod", "StatefulSet"];
/** Clusters that have had a pod, by identifier or kubeconfig. */
const clustersWithNodes = new Set<string>();

/**
 * Refuses an object of Managed Prometheus in a cluster that has had no pod yet. Its webhook fails closed, and the webhook's
 * own pod has no node. Source: ai-on-gke#750.
 */
function admit({ inputs, config }: Pick<Subject, "inputs" | "config">): void {
  const cluster = text(config.clusterIdentifier) ?? text(config.kubeconfig) ?? "";
  if (SCHEDULED.includes(text(inputs.kind) ?? "")) {
    clustersWithNodes.add(cluster);
  } else if (
    text(inputs.apiVersion)?.startsWith("monitoring.googleapis.com/") &&
    !clustersWithNodes.has(cluster)
  ) {
    throw new Error(
      'failed calling webhook "gmp-operator.gke-gmp-system.monitoring.googleapis.com": no endpoints available for ' +
        'service "gmp-operator". Create the object after the first workload of the cluster.',
    );
  }
}

function isCustomResource(apiVersion: string): boolean {
  const group = apiVersion.split("/")[0] ?? "";
  return group.includes(".") && !group.endsWith(".k8s.io");
}

function record(value: Json | undefined): Properties {
  return isObject(value) ? value : {};
}
