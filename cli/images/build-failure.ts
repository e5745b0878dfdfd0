import type { BakeResult } from "../../tools/bake";
import { EXIT, Failure } from "../support/failure";
import type { Terminal } from "../support/terminal";

/** @throws Failure with the failed step, or that the build was interrupted */
export function throwIfNotBuilt(
  { isCancelled, failure }: Pick<BakeResult, "isCancelled" | "failure">,
  terminal: Terminal,
  seconds: number,
): void {
  if (isCancelled) {
    throw new Failure("interrupted; what was built is kept for the next time", EXIT.interrupted);
  }
  if (failure !== undefined) {
    if (terminal.isJson) {
      terminal.json({ status: "failed", error: failure, seconds });
    }
    throw new Failure(`building failed; what runs was not touched\n${failure}`);
  }
}
