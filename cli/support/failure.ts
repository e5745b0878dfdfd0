/** Exit codes of `longshore`. Scripts rely on these numbers, and every `--help` lists them. */
export const EXIT = {
  /** Success. */
  ok: 0,
  /** A deployment, a service or a check failed. */
  failed: 1,
  /** Invalid arguments or settings, or a missing prerequisite. Nothing was changed. */
  usage: 2,
  /** Another command holds the stack. Nothing was changed, and a retry can succeed. */
  busy: 3,
  /** Ended by Ctrl-C or a signal. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error with a readable message and a remedy, shown without a stack trace. */
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

/** Creates a failure for invalid arguments or a missing prerequisite. */
export function usage(message: string): Failure {
  return new Failure(message, EXIT.usage);
}
