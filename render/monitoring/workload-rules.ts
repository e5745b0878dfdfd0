import { CLUSTER_CONTAINERS, CLUSTER_USE } from "./cluster-recordings";
import type { Alert, Recording, RuleGroup, Source } from "./types";

/** Excludes probes and scrapes. */
const USERS = 'route!~"/livez|/readyz|/metrics|/api/health|/api/ready"';
const BY = "by (system, service)";

/** Container metrics from the exporter on one machine. Clusters record the same names. */
const CONTAINERS: readonly Recording[] = [
  { record: "service:containers:count", expr: `count ${BY} (container_running{kind!="job"})` },
  { record: "service:containers_down:count", expr: `sum ${BY} (1 - container_running{kind!="job"})` },
  { record: "service:containers_unready:count", expr: `sum ${BY} (1 - container_healthy)` },
  {
    record: "service:container_restarts:increase15m",
    expr: `sum ${BY} (increase(container_restarts_total[15m]))`,
  },
  { record: "service:containers_oom_killed:count", expr: `sum ${BY} (container_oom_killed)` },
  { record: "service:jobs_failed:count", expr: `count ${BY} (container_exit_code{kind="job"} != 0)` },
  {
    record: "service:memory_saturation:ratio",
    expr: `max ${BY} (container_memory_working_set_bytes / container_spec_memory_limit_bytes)`,
  },
  {
    record: "service:cpu_saturation:ratio_rate5m",
    expr: `max ${BY} (rate(container_cpu_usage_seconds_total[5m]) / on (system, service, container) group_left () container_spec_cpu_cores)`,
  },
  { record: "service:memory_bytes:sum", expr: `sum ${BY} (container_memory_working_set_bytes)` },
  { record: "service:cpu_cores:rate5m", expr: `sum ${BY} (rate(container_cpu_usage_seconds_total[5m]))` },
  {
    record: "service:network_receive_bytes:rate5m",
    expr: `sum ${BY} (rate(container_network_receive_bytes_total[5m]))`,
  },
  {
    record: "service:network_transmit_bytes:rate5m",
    expr: `sum ${BY} (rate(container_network_transmit_bytes_total[5m]))`,
  },
];

const CONTAINER_ALERTS: readonly Alert[] = [
  {
    name: "ContainerDown",
    severity: "critical",
    expr: "service:containers_down:count > 0",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: {{ $value }} container(s) not running",
    runbook:
      "`longshore status` shows the state, `longshore logs` the last lines; `longshore up` starts missing containers.",
  },
  {
    name: "ContainerUnready",
    severity: "critical",
    expr: "service:containers_unready:count > 0",
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: {{ $value }} container(s) fail the readiness probe",
    runbook:
      "`longshore health` shows the probe's response; the usual cause is a datastore that the service depends on.",
  },
  {
    name: "ContainerRestarting",
    severity: "warning",
    expr: "service:container_restarts:increase15m > 2",
    for: "0s",
    summary:
      "{{ $labels.system }}/{{ $labels.service }} restarted {{ $value | humanize }} times in 15 minutes",
    runbook:
      "`longshore logs` before the last start shows the cause. Roll back if the restarts began with the last deployment.",
  },
  {
    name: "ContainerOutOfMemory",
    severity: "critical",
    expr: "service:containers_oom_killed:count > 0",
    for: "0s",
    summary: "{{ $labels.system }}/{{ $labels.service }} was OOM-killed",
    runbook:
      "Check its memory on the dashboard System: a step means load (raise `resources.memory`), a slope means a leak.",
  },
  {
    name: "JobFailed",
    severity: "critical",
    expr: "service:jobs_failed:count > 0",
    for: "0s",
    summary: "{{ $labels.system }}: job {{ $labels.service }} failed",
    runbook:
      "`longshore logs` of the job shows the cause. The previous release still serves; fix the job and run `longshore up`.",
  },
  {
    name: "MemoryNearLimit",
    severity: "warning",
    expr: "service:memory_saturation:ratio > 0.9",
    for: "10m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }} uses {{ $value | humanizePercentage }} of its memory limit",
    runbook:
      "At 100 %, the container is OOM-killed. Raise `resources.memory` in `stacks/`, or look for a leak.",
  },
  {
    name: "CpuNearLimit",
    severity: "warning",
    expr: "service:cpu_saturation:ratio_rate5m > 0.9",
    for: "15m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }} uses {{ $value | humanizePercentage }} of its CPU limit",
    runbook:
      "Responses get slower. Add replicas or raise `resources.cpu`; a single busy replica indicates uneven load.",
  },
];

const REQUESTS: readonly Recording[] = [
  { record: "service:http_requests:rate5m", expr: `sum ${BY} (rate(http_requests_total{${USERS}}[5m]))` },
  {
    record: "service:http_errors:rate5m",
    expr: `sum ${BY} (rate(http_requests_total{${USERS}, status=~"5.."}[5m])) or 0 * service:http_requests:rate5m`,
  },
  {
    record: "service:http_errors:ratio_rate5m",
    expr: "service:http_errors:rate5m / (service:http_requests:rate5m > 0)",
  },
  ...[50, 95, 99].map((percent) => ({
    record: `service:http_latency_seconds:p${percent}_rate5m`,
    expr: `histogram_quantile(${percent / 100}, sum by (system, service, le) (rate(http_request_duration_seconds_bucket{${USERS}}[5m])))`,
  })),
];

const REQUEST_ALERTS: readonly Alert[] = [
  {
    name: "ErrorRatioHigh",
    severity: "critical",
    expr: "service:http_errors:ratio_rate5m > 0.05 and service:http_requests:rate5m > 0.05",
    for: "delay",
    summary:
      "{{ $labels.system }}/{{ $labels.service }} responds to {{ $value | humanizePercentage }} of requests with an error",
    runbook: "The dashboard Errors shows the routes, the logs the cause (level error, by request ID).",
  },
  {
    name: "LatencyHigh",
    severity: "warning",
    expr: "service:http_latency_seconds:p95_rate5m > 2 and service:http_requests:rate5m > 0.05",
    for: "10m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: 95th percentile of latency is {{ $value | humanizeDuration }}",
    runbook: "The dashboard API shows the routes. Compare with CPU and database connections.",
  },
];

/** GKE has no metric for OOM kills; restarts are monitored there instead. */
const ONLY_COMPOSE = ["ContainerOutOfMemory"];

/** Rules for workloads: their containers, and the requests that they count. */
export function workloadRules(source: Source): RuleGroup[] {
  const requests = { name: "requests", recordings: REQUESTS, alerts: REQUEST_ALERTS };
  if (source === "compose") {
    return [{ name: "containers", recordings: CONTAINERS, alerts: CONTAINER_ALERTS }, requests];
  }
  const alerts = CONTAINER_ALERTS.filter(({ name }) => !ONLY_COMPOSE.includes(name));
  return [
    { name: "containers", recordings: CLUSTER_CONTAINERS, alerts },
    { name: "use", recordings: CLUSTER_USE, alerts: [], scope: "project" },
    requests,
  ];
}
