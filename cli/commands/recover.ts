import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  type JsonOption,
  type StackOption,
} from "../support/options";

export interface RecoverOptions extends StackOption, JsonOption {
  readonly yes?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("recover")
    .description(
      "find what interrupted commands left behind, say what ends it, and do that after a confirmation",
    )
    .argument("[findings...]", "only these findings, by id or kind, such as pending-operations")
    .option("-y, --yes", "do not ask");
  withExamples(withJson(withStack(command)), [
    ["longshore recover", "list the findings, ask, apply"],
    ["longshore recover --json", "list the findings only; exit code 1 when there are any"],
    ["longshore recover --yes --json", "in a pipeline: apply, then report"],
  ]);
  return command.action((ids: string[], options: RecoverOptions) =>
    locked(options.stack, "recover", async () =>
      (await import("../recovery/recover.js")).recover(ids, options),
    ),
  );
}
