import type { OpenConfig } from "../engine/stack";
import type { Progress } from "../support/progress";

/** One thing that an interrupted command left behind, and what ends it. */
export interface Finding {
  /** Unique and stable: `<kind>` or `<kind>:<subject>`, such as `pending-operations` or `restore:nexus/db`. */
  readonly id: string;
  /** What was found, in one line. */
  readonly title: string;
  /** Where, since when, and what it means for the operator. No secrets. */
  readonly detail: string;
  /** What {@link apply} does, in one line, as an imperative: `remove the lock`. */
  readonly action: string;
  /**
   * Whether it is applied only when its id is named: it affects another installation, or starts without the existing data.
   * @default false
   */
  readonly onlyByName?: boolean;
  /** Does it. Applying twice, and applying after a kill half-way, must be safe. */
  apply(): Promise<void>;
}

/** Finds one kind of unfinished work of a stack. */
export interface Recoverer {
  /** Changes nothing. */
  find(): Promise<Finding[]>;
}

/** What a recoverer gets. The stack's lock is held while it finds and applies. */
export interface RecoveryContext {
  readonly stack: string;
  readonly progress: Progress;
  /** The engine's command and environment; prepared at the first call, because most findings need neither. */
  readonly open: () => Promise<OpenConfig>;
}

export type CreateRecoverer = (context: RecoveryContext) => Recoverer;
