import { BACKUP_DUE, CERTIFICATE_END } from "./textfiles";
import type { Alert, RuleGroup } from "./types";

/** Selects the host's disk, measured on the root file system of a container. */
const DISK = '{mountpoint="/"}';

const NODE: readonly Alert[] = [
  {
    name: "DiskAlmostFull",
    severity: "critical",
    expr: `node_filesystem_avail_bytes${DISK} / node_filesystem_size_bytes${DISK} < 0.1`,
    for: "5m",
    summary: "Docker's disk has {{ $value | humanizePercentage }} free space",
    runbook:
      "A full disk stops databases. Find the usage with `docker system df`; remove old images with `longshore clean`.",
  },
  {
    name: "DiskFilling",
    severity: "warning",
    expr: `predict_linear(node_filesystem_avail_bytes${DISK}[6h], 86400) < 0`,
    for: "1h",
    summary: "Docker's disk will be full within 24 hours",
    runbook: "Find the volume that grows (`docker system df -v`), and stop its writer or enlarge the disk.",
  },
  {
    name: "MachineMemoryLow",
    severity: "warning",
    expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1",
    for: "10m",
    summary: "the machine has {{ $value | humanizePercentage }} available memory",
    runbook:
      "Find the largest consumers on the dashboard System. Without available memory, the kernel kills the largest process.",
  },
  {
    name: "MachineCpuBusy",
    severity: "warning",
    expr: '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9',
    for: "15m",
    summary: "CPU utilization of the machine is {{ $value | humanizePercentage }}",
    runbook: "Find the consumers on the dashboard System; limit them with `resources.cpu` in `stacks/`.",
  },
];

const SEEN = 'up{job=~"service|store|edge"}';

const COLLECTION: readonly Alert[] = [
  {
    name: "MetricsMissing",
    severity: "warning",
    // Targets that were scraped within the last hour: a stopped replica disappears from DNS, and its series ends.
    expr: [
      `(max by (system, service) (${SEEN}) == 0`,
      `or group by (system, service) (last_over_time(${SEEN}[1h])) unless group by (system, service) (${SEEN}))`,
      'and on (system, service) service:containers:count and on (system) group by (system) (up{job="agent"} == 1)',
    ].join(" "),
    for: "delay",
    summary: "{{ $labels.system }}/{{ $labels.service }}: no metrics",
    runbook:
      "The service is down or too slow, or its `metrics` in `stacks/` is wrong. Handle other alerts of the service first.",
  },
  {
    name: "AgentSilent",
    severity: "critical",
    expr: [
      'group by (system) (last_over_time(up{job="agent"}[1h])) unless group by (system) (up{job="agent"} == 1)',
      "and on (system) group by (system) (service:containers:count)",
    ].join(" "),
    for: "5m",
    summary: "{{ $labels.system }}: no samples from its agent, so its other alerts cannot fire",
    runbook: "The agent is down or cannot reach Prometheus: check `longshore logs` of metrics-agent.",
  },
  {
    name: "SamplesDropped",
    severity: "warning",
    expr: 'sum by (system) (rate(prometheus_remote_storage_samples_failed_total{job="agent"}[5m])) > 0',
    for: "10m",
    summary: "{{ $labels.system }}: Prometheus rejects samples of its agent",
    runbook: "`longshore logs` of metrics-agent shows the reason, such as two agents with the same name.",
  },
  {
    name: "RulesFailing",
    severity: "warning",
    expr: "increase(prometheus_rule_evaluation_failures_total[15m]) > 0",
    for: "0s",
    summary: "Prometheus cannot evaluate a rule",
    runbook:
      "The page Status > Rules shows the rule and the error. Until it is fixed, the rule's alerts cannot fire.",
  },
  {
    name: "AlertsNotSent",
    severity: "critical",
    expr: "sum(rate(alertmanager_notifications_failed_total[5m])) > 0",
    for: "5m",
    summary: "Alertmanager cannot deliver alerts",
    runbook:
      "Alertmanager's log shows the error. Check `monitoring.alert-webhook-url` and whether the receiver is reachable.",
  },
];

export const BACKUP_RUNBOOK = [
  "`longshore status` shows the age of each backup, `journalctl --unit longshore-backup-STACK` the last run's error;",
  "on a cluster: `kubectl get cronjobs,jobs` and `kubectl logs job/…` in the system's namespace.",
  "Fix it and take a backup by hand.",
].join(" ");

const BACKUPS: readonly Alert[] = [
  {
    name: "BackupTooOld",
    severity: "warning",
    // Not for a datastore that was taken down: its timer has nothing to dump.
    expr: `time() - max by (system, service) (${BACKUP_DUE}) > 0 and on (system, service) service:containers:count`,
    for: "15m",
    summary:
      "{{ $labels.system }}/{{ $labels.service }}: a scheduled dump is overdue by {{ $value | humanizeDuration }}",
    runbook: BACKUP_RUNBOOK,
  },
];

/** Time left of certificates in use. Not for a system that was taken down. */
const CERTIFICATE_LEFT = `max by (system, service) (${CERTIFICATE_END}) - time()`;
const IN_USE = "and on (system, service) service:containers:count";
const DAY = 86_400;
const CERTIFICATE_RUNBOOK =
  "Renew the certificate, set `edge-tls-certificate` and `edge-tls-key` of the system with `longshore secrets set`, and run `longshore up`: the proxy reloads them.";

const CERTIFICATES: readonly Alert[] = [
  {
    name: "CertificateExpiring",
    severity: "warning",
    // ACME clients renew with 30 days left.
    expr: `${CERTIFICATE_LEFT} < ${21 * DAY} ${IN_USE}`,
    for: "15m",
    summary: "{{ $labels.system }}: the certificate expires in {{ $value | humanizeDuration }}",
    runbook: CERTIFICATE_RUNBOOK,
  },
  {
    name: "CertificateAlmostExpired",
    severity: "critical",
    expr: `${CERTIFICATE_LEFT} < ${3 * DAY} ${IN_USE}`,
    for: "15m",
    summary: "{{ $labels.system }}: the certificate expires in {{ $value | humanizeDuration }}",
    runbook: CERTIFICATE_RUNBOOK,
  },
];

/** Rules for certificates. */
export function certificateRules(): RuleGroup[] {
  return [{ name: "certificates", recordings: [], alerts: CERTIFICATES }];
}

/** Rules for the machine. */
export function machineRules(): RuleGroup[] {
  return [{ name: "machine", recordings: [], alerts: NODE }];
}

/** Rules for scheduled backups. */
export function backupRules(): RuleGroup[] {
  return [{ name: "backups", recordings: [], alerts: BACKUPS }];
}

/** Rules for the monitoring itself. */
export function collectionRules(): RuleGroup[] {
  return [{ name: "collection", recordings: [], alerts: COLLECTION }];
}
