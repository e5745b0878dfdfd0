import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export interface RollbackOptions extends StackOption, SystemOption, JsonOption {
  readonly yes?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("rollback")
    .description("roll back to what ran before: images on this machine, the previous commit on a cluster")
    .option("-y, --yes", "do not ask (a stack on a cluster shows the commit and asks)");
  withExamples(withJson(withSystem(withStack(command))), [
    [
      "longshore rollback --system todo",
      "on this machine, a system at a time; once more: the version before that",
    ],
    ["longshore rollback --stack prod", "deploys the commit that was deployed before, settings included"],
    ["longshore up --system todo", "forward again, to what the checkout says"],
  ]);
  command.addHelpText(
    "after",
    `
What databases hold stays as it is, their schema included.`,
  );
  return command.action((options: RollbackOptions) =>
    locked(options.stack, "rollback", async () => (await import("../engine/rollback.js")).rollback(options)),
  );
}
