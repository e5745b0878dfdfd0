import type { Command } from "commander";
import { withExamples, withJson, withStack, type JsonOption, type StackOption } from "./support/options";

export type RollbackOptions = StackOption & JsonOption & { readonly system: string };

export function registerRollback(program: Command): Command {
  const command = program
    .command("rollback")
    .description("go back to the images that a system's services ran before the last `up` (on this machine)")
    .requiredOption("--system <name>", "the system");
  withExamples(withJson(withStack(command)), [
    ["longshore rollback --system todo", "once more: the version before that one"],
    ["longshore up --system todo", "forward again, to what the checkout says"],
  ]);
  return command.action(async (options: RollbackOptions) =>
    (await import("./engine/rollback.js")).rollback(options),
  );
}
