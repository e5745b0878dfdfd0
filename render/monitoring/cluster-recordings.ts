import { mark } from "./fill";
import type { Recording } from "./types";

const BY = "by (system, service)";

/**
 * Extracts the workload from a pod's name: `backend-6c5d7f8b9c-x2x4z` of a Deployment, `db-0` of a StatefulSet,
 * `migrate-232a1df55f-x2x4z` of a Job. Kubernetes generates the last part without vowels.
 */
export const POD_OF = "(.+?)-(?:[0-9]+|[0-9a-z]{6,10}-[b-df-hj-np-tv-z2-9]{5})";
/** Extracts the Job from a pod's name. */
const JOB_OF = "(.+-[0-9a-z]{6,10})-[b-df-hj-np-tv-z2-9]{5}";

/** `[label, part]`: the source label and the part of it to extract. */
type From = readonly [label: string, part?: string];

function labelled(expr: string, to: string, [label, part = "(.+)"]: From): string {
  return `label_replace(${expr}, "${to}", "$1", "${label}", "${part}")`;
}

/**
 * Adds the labels `system` and `service`. A cluster's namespaces are named after systems, and its objects after
 * services.
 */
export function named(
  expr: string,
  service: From,
  over: "sum" | "max" | "count" = "sum",
  system: From = ["namespace"],
): string {
  return `${over} ${BY} (${labelled(labelled(expr, "system", system), "service", service)})`;
}

/** Combines the expressions of Deployments and StatefulSets. */
function ofControllers(deployment: string, statefulSet: string): string {
  return `(${named(deployment, ["deployment"])} or ${named(statefulSet, ["statefulset"])})`;
}

const wanted = ofControllers("kube_deployment_spec_replicas", "kube_statefulset_replicas");
const ready = ofControllers(
  "kube_deployment_status_replicas_available",
  "kube_statefulset_status_replicas_ready",
);
const jobs = (phases: string) =>
  `group by (namespace, job_name) (${labelled(`kube_pod_status_phase{phase=~"${phases}"} > 0`, "job_name", ["pod", JOB_OF])})`;

/**
 * Recordings of the state of Deployments, StatefulSets and Jobs, from the subset of kube-state-metrics that GKE
 * collects. That subset contains neither Jobs nor termination reasons, so a Job counts as failed when one of its pods
 * has failed and no other pod is pending, running or succeeded.
 */
export const CLUSTER_CONTAINERS: readonly Recording[] = [
  { record: "service:containers:count", expr: wanted.slice(1, -1) },
  {
    record: "service:containers_down:count",
    expr: `${named('kube_pod_container_status_waiting_reason{reason!~"ContainerCreating|PodInitializing"}', ["container"])} or 0 * service:containers:count`,
  },
  {
    // During a rollout there are more ready pods than wanted.
    record: "service:containers_unready:count",
    expr: `clamp_min(${wanted} - ${ready}, 0)`,
  },
  {
    record: "service:jobs_failed:count",
    expr: `${named(`(${jobs("Failed")} unless ${jobs("Pending|Running|Succeeded")})`, ["job_name", "(.+)-[0-9a-z]+"], "count")} unless on (system, service) service:containers:count`,
  },
];

const google = (name: string, resource: string, more = "") =>
  `kubernetes_io:${name}{monitored_resource="${resource}", cluster_name="${mark("cluster")}"${more}}`;
const container = (name: string, more?: string) => google(`container_${name}`, "k8s_container", more);

const ofGoogle = (expr: string, service: From, over: "sum" | "max" = "sum") =>
  named(expr, service, over, ["namespace_name"]);

const OF_CONTAINER: From = ["container_name"];
const OF_POD: From = ["pod_name", POD_OF];
/** Selects memory that cannot be reclaimed. The rest is page cache. */
const HELD = ', memory_type="non-evictable"';

/** Recordings of resource usage, from the free metrics that Google collects on every cluster once a minute. */
export const CLUSTER_USE: readonly Recording[] = [
  {
    record: "service:container_restarts:increase15m",
    expr: ofGoogle(`increase(${container("restart_count")}[15m])`, OF_CONTAINER),
  },
  {
    record: "service:memory_saturation:ratio",
    expr: ofGoogle(container("memory_limit_utilization", HELD), OF_CONTAINER, "max"),
  },
  {
    record: "service:cpu_saturation:ratio_rate5m",
    expr: ofGoogle(container("cpu_limit_utilization"), OF_CONTAINER, "max"),
  },
  {
    record: "service:memory_bytes:sum",
    expr: ofGoogle(container("memory_used_bytes", HELD), OF_CONTAINER),
  },
  {
    record: "service:cpu_cores:rate5m",
    expr: ofGoogle(`rate(${container("cpu_core_usage_time")}[5m])`, OF_CONTAINER),
  },
  {
    record: "service:network_receive_bytes:rate5m",
    expr: ofGoogle(`rate(${google("pod_network_received_bytes_count", "k8s_pod")}[5m])`, OF_POD),
  },
  {
    record: "service:network_transmit_bytes:rate5m",
    expr: ofGoogle(`rate(${google("pod_network_sent_bytes_count", "k8s_pod")}[5m])`, OF_POD),
  },
];
