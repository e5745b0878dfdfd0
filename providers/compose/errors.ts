/** A mistake or a condition that the user can mend: shown as it is, without a stack trace. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** The user interrupted the deployment. */
export class Cancelled extends UserError {
  constructor() {
    super("interrupted; run `up` again to finish");
  }
}

/** The resource exists, but is not as it should be. The engine keeps it in the state and tries again at the next `up`. */
export class PartialError extends UserError {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Record<string, unknown>,
  ) {
    super(message);
  }
}
