import type { Alert, RuleGroup } from "./types";

/** The machine's disk as containers see it: below their own root. */
const DISK = '{mountpoint="/"}';

const NODE: readonly Alert[] = [
  {
    name: "DiskAlmostFull",
    severity: "critical",
    expr: `node_filesystem_avail_bytes${DISK} / node_filesystem_size_bytes${DISK} < 0.1`,
    for: "5m",
    summary: "the engine's disk has {{ $value | humanizePercentage }} left",
    runbook: "Databases stop when it is full. `docker system df`; remove old images with `longshore clean`.",
  },
  {
    name: "DiskFilling",
    severity: "warning",
    expr: `predict_linear(node_filesystem_avail_bytes${DISK}[6h], 86400) < 0`,
    for: "1h",
    summary: "the engine's disk will be full within a day",
    runbook: "Something has begun to write: compare volumes (`docker system df -v`) with yesterday.",
  },
  {
    name: "MachineMemoryLow",
    severity: "warning",
    expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1",
    for: "10m",
    summary: "the machine has {{ $value | humanizePercentage }} of its memory left",
    runbook: "The dashboard System names who has it. The kernel ends the largest when nothing is left.",
  },
  {
    name: "MachineCpuBusy",
    severity: "warning",
    expr: '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9',
    for: "15m",
    summary: "the machine's processors are busy for {{ $value | humanizePercentage }}",
    runbook: "The dashboard System names who uses them; limits in `stacks/` keep one system from another.",
  },
];

const SEEN = 'up{job=~"service|store|edge"}';

const COLLECTION: readonly Alert[] = [
  {
    name: "MetricsMissing",
    severity: "warning",
    // Whoever was asked within the hour: a stopped replica leaves the name server, and its series just ends.
    expr: [
      `(max by (system, service) (${SEEN}) == 0`,
      `or group by (system, service) (last_over_time(${SEEN}[1h])) unless group by (system, service) (${SEEN}))`,
      'and on (system, service) service:containers:count and on (system) group by (system) (up{job="agent"} == 1)',
    ].join(" "),
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }} gives no metrics",
    runbook:
      "It is down, too slow, or its `metrics` in `stacks/` is wrong: other alerts about it come first.",
  },
  {
    name: "AgentSilent",
    severity: "critical",
    expr: [
      'group by (system) (last_over_time(up{job="agent"}[1h])) unless group by (system) (up{job="agent"} == 1)',
      "and on (system) group by (system) (service:containers:count)",
    ].join(" "),
    for: "5m",
    summary: "{{ $labels.system }}: nothing comes in from its agent, so no other alert about it would",
    runbook: "`longshore logs` of metrics-agent: it cannot reach Prometheus, or does not run.",
  },
  {
    name: "SamplesDropped",
    severity: "warning",
    expr: 'sum by (system) (rate(prometheus_remote_storage_samples_failed_total{job="agent"}[5m])) > 0',
    for: "10m",
    summary: "{{ $labels.system }}: its agent loses samples that Prometheus refuses",
    runbook: "`longshore logs` of metrics-agent names the reason; two agents with the same name are one.",
  },
  {
    name: "RulesFailing",
    severity: "warning",
    expr: "increase(prometheus_rule_evaluation_failures_total[15m]) > 0",
    for: "0s",
    summary: "Prometheus cannot work out one of its rules",
    runbook: "Its page Status, Rules shows which and why. What the rule watches is unwatched until then.",
  },
  {
    name: "AlertsNotSent",
    severity: "critical",
    expr: "sum(rate(alertmanager_notifications_failed_total[5m])) > 0",
    for: "5m",
    summary: "Alertmanager cannot deliver alerts",
    runbook: "Its log says why. Is `monitoring.alert-webhook-url` right, and may the receiver be reached?",
  },
];

/** Rules about the machine. */
export function machineRules(): RuleGroup[] {
  return [{ name: "machine", recordings: [], alerts: NODE }];
}

/** Rules about the collection itself: who watches the watchers. */
export function collectionRules(): RuleGroup[] {
  return [{ name: "collection", recordings: [], alerts: COLLECTION }];
}
