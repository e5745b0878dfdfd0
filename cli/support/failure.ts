/** How `longshore` ends. Scripts rely on these numbers; every `--help` names them. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** A deployment, a service or a check failed. */
  failed: 1,
  /** Wrong arguments, wrong settings, or something needed is missing: nothing was touched. */
  usage: 2,
  /** Another command holds the stack: nothing was touched, the same command can succeed later. */
  busy: 3,
  /** Ended by Ctrl-C or a signal. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that a person can understand without a stack trace: what happened, and what to do. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "Failure";
  }
}

/** Wrong arguments or a missing prerequisite. */
export function usage(message: string): Failure {
  return new Failure(message, EXIT.usage);
}
