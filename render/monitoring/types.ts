/** `critical` pages the operator; `warning` waits for working hours. */
export type Severity = "critical" | "warning";

/** An alert and its runbook. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** PromQL: every series that it returns is one alert. */
  readonly expr: string;
  /** Duration for which `expr` must hold. `delay` is the setting `alertDelay`, for failures that users notice. */
  readonly for: string;
  /** One line, with the labels of the series. */
  readonly summary: string;
  /** First steps for the operator. */
  readonly runbook: string;
}

/** A recorded series, shared by alerts and dashboards. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
  /** `project` for series whose cluster label differs from that of Managed Prometheus. @default "cluster" */
  readonly scope?: "cluster" | "project";
}

/** Source of the metrics, which determines their names: the exporter on one machine, or the platform of a cluster. */
export type Source = "compose" | "cluster";
