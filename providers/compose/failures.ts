import { indent } from "./build";
import { UserError } from "./errors";
import type { Mask } from "./mask";

/** One service that is not as it should be. */
export interface Failure {
  readonly service: string;
  readonly reason: string;
  readonly log: string;
}

/** A service did not become ready. Carries what it wrote last. */
export class ServiceFailed extends UserError {
  constructor(
    reason: string,
    readonly log: string,
  ) {
    super(reason);
  }
}

/** What a failed deployment says: each service, why, its last words, and what was left alone because of it. */
export function failureText(
  project: string,
  failures: readonly Failure[],
  skipped: readonly string[],
  mask: Mask,
): string {
  const count = `${failures.length} service${failures.length === 1 ? "" : "s"}`;
  const parts = failures.map(({ service, reason, log }) =>
    [
      `  ${service}: ${reason.replaceAll("\n", "\n    ")}`,
      ...(log.trim() === "" ? [] : [`    last lines of its log:`, indent(indent(log.trim()))]),
    ].join("\n"),
  );
  const waiting =
    skipped.length === 0 ? [] : [`  not touched, because they wait for it: ${skipped.join(", ")}`];
  return mask(
    [`${project}: ${count} failed; what ran before keeps running`, ...parts, ...waiting].join("\n"),
  );
}
