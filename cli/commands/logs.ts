import type { Command } from "commander";
import { withExamples, withStack, withSystem, type StackOption, type SystemOption } from "../support/options";

export interface LogsOptions extends StackOption, SystemOption {
  readonly follow?: boolean;
  readonly tail?: string;
}

export function register(program: Command): Command {
  const command = program
    .command("logs")
    .description("show what services say")
    .argument("[service]", "only this service, such as backend or todo/backend")
    .option("-f, --follow", "keep showing new lines until Ctrl-C")
    .option("--tail <lines>", "only the last lines of each service", "200");
  withExamples(withSystem(withStack(command)), [
    ["longshore logs", "the last lines of everything"],
    ["longshore logs todo/backend --follow", "one service, as it speaks"],
  ]);
  return command.action(async (service: string | undefined, options: LogsOptions) =>
    (await import("../compose/actions.js")).logs(service, options),
  );
}
