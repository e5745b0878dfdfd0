import { named } from "./cluster-recordings";
import type { ManagedRules } from "./google";
import { BACKUP_RUNBOOK } from "./own-rules";
import { prometheusGroups } from "./rules";

/** Time that a scheduled dump may be late: a job may start up to one hour late, and the dump itself takes time. */
const TOLERANCE_SECONDS = 3600;

export interface ClusterBackup {
  readonly system: string;
  readonly store: string;
  /** Name of the CronJob. */
  readonly job: string;
  /** Longest time between two scheduled dumps in seconds. */
  readonly periodSeconds: number;
}

/**
 * Returns the alert for a datastore in a cluster without a recent dump. GKE collects no metric of CronJobs, so a dump is
 * a pod of the job that has succeeded within the allowed age. It counts also after the pod was removed with its node.
 */
export function backupAlert({ system, store, job, periodSeconds }: ClusterBackup): ManagedRules {
  const age = `${periodSeconds + TOLERANCE_SECONDS}s`;
  const succeeded = `kube_pod_status_phase{namespace="${system}", pod=~"${job}-.+", phase="Succeeded"}`;
  const recent = [
    `max by (namespace, pod) (max_over_time(${succeeded}[${age}])) == 1`,
    `unless max by (namespace, pod) (${succeeded} offset ${age}) == 1`,
  ].join(" ");
  // A datastore that is younger than the allowed age needs no dump yet.
  const old = named(
    `kube_statefulset_replicas{namespace="${system}", statefulset="${store}"} offset ${age}`,
    ["statefulset"],
  );
  const group = {
    name: `backup-${system}-${store}`,
    recordings: [],
    alerts: [
      {
        name: "BackupTooOld",
        severity: "warning" as const,
        expr: `${old} unless on () (${recent})`,
        for: "15m",
        summary: "{{ $labels.system }}/{{ $labels.service }}: no dump is as new as the schedule requires",
        runbook: BACKUP_RUNBOOK,
      },
    ],
  };
  return {
    apiVersion: "monitoring.googleapis.com/v1",
    kind: "ClusterRules",
    metadata: { name: `longshore-backup-${system}-${store}` },
    // The query reads a long range.
    spec: { groups: prometheusGroups([group], "0s").map((rules) => ({ ...rules, interval: "5m" })) },
  };
}
