import type { Command } from "commander";
import { withExamples, withStack, withSystem, type StackOption, type SystemOption } from "../support/options";

export type ExecOptions = StackOption & SystemOption;

export function register(program: Command): Command {
  const command = program
    .command("exec")
    .description("run a command in a service's container; ends with that command's exit code")
    .argument("<service>", "such as backend or todo/backend")
    .argument("<command...>", "what to run, after --");
  withExamples(withSystem(withStack(command)), [
    ["longshore exec backend -- python --version", ""],
    ["longshore exec db -- psql -U postgres todo", "a database's own client"],
  ]);
  return command.action(async (service: string, words: string[], options: ExecOptions) =>
    (await import("../compose/actions.js")).exec(service, words, options),
  );
}
