import { CLUSTER_CONTAINERS, CLUSTER_USE } from "./cluster-recordings";
import type { Alert, Recording, RuleGroup, Source } from "./types";

/** Probes and scrapes are no use of a service. */
const USERS = 'route!~"/livez|/readyz|/metrics|/api/health|/api/ready"';
const BY = "by (system, service)";

/** What containers do, as our exporter has it of one machine. Clusters record the same names. */
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
    summary: "{{ $labels.system }}/{{ $labels.service }}: {{ $value }} of its containers does not run",
    runbook:
      "`longshore status` names its state, `longshore logs` its last words; `longshore up` starts what is missing.",
  },
  {
    name: "ContainerUnready",
    severity: "critical",
    expr: "service:containers_unready:count > 0",
    for: "delay",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: {{ $value }} of its containers fails its readiness check",
    runbook: "`longshore health` says what the check answered; a store it depends on is the usual reason.",
  },
  {
    name: "ContainerRestarting",
    severity: "warning",
    expr: "service:container_restarts:increase15m > 2",
    for: "0s",
    summary:
      "{{ $labels.system }}/{{ $labels.service }} was started again {{ $value | humanize }} times in 15 minutes",
    runbook:
      "`longshore logs` before the last start says why it ended; undo the last change if it began with it.",
  },
  {
    name: "ContainerOutOfMemory",
    severity: "critical",
    expr: "service:containers_oom_killed:count > 0",
    for: "0s",
    summary: "{{ $labels.system }}/{{ $labels.service }} was ended because its memory was used up",
    runbook:
      "Look at its memory on the dashboard System: a step is load (raise `resources.memory`), a slope is a leak.",
  },
  {
    name: "JobFailed",
    severity: "critical",
    expr: "service:jobs_failed:count > 0",
    for: "0s",
    summary: "{{ $labels.system }}: the job {{ $labels.service }} failed",
    runbook:
      "`longshore logs` of the job says why. The previous release still serves; mend it and `longshore up`.",
  },
  {
    name: "MemoryNearLimit",
    severity: "warning",
    expr: "service:memory_saturation:ratio > 0.9",
    for: "10m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }} uses {{ $value | humanizePercentage }} of its memory",
    runbook: "It will be ended at 100 %. Raise `resources.memory` in `stacks/`, or find what keeps growing.",
  },
  {
    name: "CpuNearLimit",
    severity: "warning",
    expr: "service:cpu_saturation:ratio_rate5m > 0.9",
    for: "15m",
    summary: "{{ $labels.system }}/{{ $labels.service }} uses {{ $value | humanizePercentage }} of its CPU",
    runbook:
      "Answers get slower. Add replicas or raise `resources.cpu`; one hot replica points at uneven work.",
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
      "{{ $labels.system }}/{{ $labels.service }} answers {{ $value | humanizePercentage }} with an error",
    runbook: "The dashboard Errors names the routes, the logs the reason (level error, by request id).",
  },
  {
    name: "LatencyHigh",
    severity: "warning",
    expr: "service:http_latency_seconds:p95_rate5m > 2 and service:http_requests:rate5m > 0.05",
    for: "10m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: one answer in twenty takes {{ $value | humanizeDuration }} or more",
    runbook: "The dashboard API names the routes. Compare with CPU and with the database's connections.",
  },
];

/** Why a container ended is nothing that GKE tells: there, its restarts have to do. */
const ONLY_COMPOSE = ["ContainerOutOfMemory"];

/** Rules about whatever runs: its containers, and its requests where it counts them. */
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
