/** `critical` wakes somebody now; `warning` is for working hours. */
export type Severity = "critical" | "warning";

/** Something that a person has to know, and what that person does then. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** PromQL: every series that it returns is one alert. */
  readonly expr: string;
  /** How long it must have been so. `delay` is what the environment sets for failures that users feel. */
  readonly for: string;
  /** One line, with the labels of the series. */
  readonly summary: string;
  /** What to look at and to do first. */
  readonly runbook: string;
}

/** A series that is worked out in advance, so that alerts and dashboards say the same. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
  /** `project` where series are asked for that name their cluster in another label than Managed Prometheus'. @default "cluster" */
  readonly scope?: "cluster" | "project";
}

/** Where metrics come from, which decides what they are called: our exporter on one machine, the platform on a cluster. */
export type Source = "compose" | "cluster";
