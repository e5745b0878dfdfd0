/** An error that the user can fix. Shown without a stack trace. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** The user interrupted the deployment. */
export class Cancelled extends UserError {
  constructor() {
    super("interrupted; run `up` again to finish");
  }
}

/** The resource exists but is incomplete. The engine keeps it in the state and retries at the next `up`. */
export class PartialError extends UserError {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Record<string, unknown>,
  ) {
    super(message);
  }
}
