import type { ClusterClient, ClusterObject } from "./cluster-client";

/** Readiness of an object by the rules of the Pulumi provider for Kubernetes. */
export type Readiness =
  { readonly is: "ready" } | { readonly is: "waiting" | "failed"; readonly why: string };

const READY: Readiness = { is: "ready" };
const waiting = (why: string): Readiness => ({ is: "waiting", why });
const failed = (why: string): Readiness => ({ is: "failed", why });

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Status {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  readonly phase?: string;
  readonly conditions?: readonly Condition[];
}

const SKIP = "pulumi.com/skipAwait";

/**
 * Determines the readiness of an object. Unlike with the real provider, an Ingress is always ready, because the lab
 * has no controller that assigns its address.
 */
export async function readiness(object: ClusterObject, cluster: ClusterClient): Promise<Readiness> {
  if (object.metadata.annotations?.[SKIP] === "true") {
    return READY;
  }
  const status = (object.status ?? {}) as Status;
  if (
    object.metadata.generation !== undefined &&
    (status.observedGeneration ?? Infinity) < object.metadata.generation
  ) {
    return waiting("its controller has not seen the change");
  }
  switch (object.kind) {
    case "Deployment":
      return deployment(object, status);
    case "StatefulSet":
      return statefulSet(object, status);
    case "Job":
      return job(status);
    case "Service":
      return service(object, cluster);
    case "PersistentVolumeClaim":
      return status.phase === "Bound" ? READY : waiting("it is not bound to a disk");
    default:
      return READY;
  }
}

function replicasOf({ spec }: ClusterObject): number {
  return (spec as { replicas?: number }).replicas ?? 1;
}

function deployment(object: ClusterObject, status: Status): Readiness {
  const wanted = replicasOf(object);
  const progress = status.conditions?.find(({ type }) => type === "Progressing");
  if (progress?.reason === "ProgressDeadlineExceeded") {
    return failed(progress.message ?? "no progress");
  }
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration } = status;
  return observedGeneration !== undefined &&
    updatedReplicas === wanted &&
    replicas === wanted &&
    availableReplicas >= wanted
    ? READY
    : waiting(
        `${updatedReplicas} of ${wanted} pods are new, ${availableReplicas} available, ${replicas} in all`,
      );
}

function statefulSet(object: ClusterObject, status: Status): Readiness {
  const wanted = replicasOf(object);
  const {
    readyReplicas = 0,
    updatedReplicas = 0,
    currentRevision,
    updateRevision,
    observedGeneration,
  } = status;
  return observedGeneration !== undefined &&
    readyReplicas === wanted &&
    (currentRevision === updateRevision || updatedReplicas === wanted)
    ? READY
    : waiting(`${readyReplicas} of ${wanted} pods are ready`);
}

function job({ conditions = [] }: Status): Readiness {
  const holds = (type: string) => conditions.find((one) => one.type === type && one.status === "True");
  const end = holds("Failed");
  if (end) {
    return failed(`${end.reason ?? "it failed"}: ${end.message ?? ""}`);
  }
  return holds("Complete") ? READY : waiting("it has not completed");
}

/**
 * A Service is ready if one of its pods is. A program that creates the pods after the Service waits for it
 * indefinitely.
 */
async function service({ metadata, spec }: ClusterObject, cluster: ClusterClient): Promise<Readiness> {
  const { selector } = spec as { selector?: object };
  if (!selector) {
    return READY;
  }
  const label = encodeURIComponent(`kubernetes.io/service-name=${metadata.name}`);
  const slices = await cluster.list(
    `/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace ?? "default"}/endpointslices?labelSelector=${label}`,
  );
  const endpoints = slices.flatMap(
    (slice) => (slice.endpoints ?? []) as { conditions?: { ready?: boolean } }[],
  );
  return endpoints.some(({ conditions }) => conditions?.ready ?? true)
    ? READY
    : waiting("it does not target any Pods that are ready");
}

/** Problems of a controller's pods, one line each. */
export async function podProblems(
  { metadata, spec }: ClusterObject,
  cluster: ClusterClient,
): Promise<string[]> {
  const labels = (spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector
    ?.matchLabels;
  if (!labels) {
    return [];
  }
  const selector = Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
  const pods = await cluster.list(
    `/api/v1/namespaces/${metadata.namespace ?? "default"}/pods?labelSelector=${encodeURIComponent(selector)}`,
  );
  return pods.flatMap(problemsOfPod);
}

interface PodStatus extends Status {
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly state?: {
      readonly waiting?: { reason?: string; message?: string };
      readonly terminated?: { reason?: string; exitCode?: number };
    };
    readonly lastState?: { readonly terminated?: { reason?: string; exitCode?: number } };
  }[];
}

function problemsOfPod({ metadata, status }: ClusterObject): string[] {
  const { containerStatuses = [], conditions = [] } = (status ?? {}) as PodStatus;
  const unschedulable = conditions.find(
    ({ type, reason }) => type === "PodScheduled" && reason === "Unschedulable",
  );
  const containers = containerStatuses
    .filter(({ ready }) => !ready)
    .flatMap(({ name, state, lastState }) => {
      const ended = state?.terminated ?? lastState?.terminated;
      const reason = [state?.waiting?.reason, state?.waiting?.message].filter(Boolean).join(": ");
      const end = ended ? `exited with code ${ended.exitCode ?? "?"} (${ended.reason ?? "?"})` : "";
      const words = [reason, end].filter(Boolean).join("; ");
      return words === "" || words === "ContainerCreating" ? [] : [`${name}: ${words}`];
    });
  return [...(unschedulable ? [unschedulable.message ?? "no node has room for it"] : []), ...containers].map(
    (line) => `pod ${metadata.name}: ${line}`,
  );
}
