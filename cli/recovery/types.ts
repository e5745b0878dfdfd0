import type { OpenConfig } from "../engine/open-config";
import type { Progress } from "../support/progress";

/** Unfinished work of an interrupted command, and the action that resolves it. */
export interface Finding {
  /** Unique and stable: `<kind>` or `<kind>:<subject>`, such as `pending-operations` or `restore:nexus/db`. */
  readonly id: string;
  /** One-line summary. */
  readonly title: string;
  /** Location, time and consequence for the operator. Contains no secrets. */
  readonly detail: string;
  /** One-line description of {@link apply} in the imperative: `remove the lock`. */
  readonly action: string;
  /**
   * Whether the action is applied only if its id is an argument, because it affects another installation or discards
   * existing data.
   * @default false
   */
  readonly onlyByName?: boolean;
  /** Applies the action. Idempotent, also after a kill. */
  apply(): Promise<void>;
}

/** Finds one kind of unfinished work of a stack. */
export interface Recoverer {
  /** Lists the findings. Changes nothing. */
  find(): Promise<Finding[]>;
}

/** Context of a recoverer. The stack's lock is held while it finds and applies. */
export interface RecoveryContext {
  readonly stack: string;
  readonly progress: Progress;
  /** Opens the engine's command and environment on the first call, because most recoverers need neither. */
  readonly open: () => Promise<OpenConfig>;
}

export type CreateRecoverer = (context: RecoveryContext) => Recoverer;
