/** What the API gives. */
export type RunStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";
export type StepStatus = "pending" | "running" | "succeeded" | "failed" | "skipped" | "cancelled";
export type Outcome = "running" | "succeeded" | "failed" | "lost" | "handed-back" | "cancelled";

export interface StepDefinition {
  readonly id: string;
  readonly kind: string;
  readonly needs?: readonly string[];
}

export interface RunSummary {
  readonly id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly workflow_version: number;
  readonly status: RunStatus;
  readonly error: string | null;
  readonly takeovers: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

export interface Attempt {
  readonly number: number;
  readonly worker: string;
  readonly outcome: Outcome;
  readonly error: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
}

export interface Step {
  readonly id: string;
  readonly kind: string;
  readonly needs: readonly string[];
  readonly status: StepStatus;
  readonly output: unknown;
  readonly error: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly attempts: readonly Attempt[];
}

export interface Run extends RunSummary {
  readonly input: unknown;
  readonly steps: readonly Step[];
}

export interface WorkflowSummary {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly step_count: number;
  readonly updated_at: string;
  readonly last_run: RunSummary | null;
}

export interface Workflow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly steps: readonly StepDefinition[];
  readonly updated_at: string;
}

/** Where in a document something is wrong, and what. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}
