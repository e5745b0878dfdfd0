import type { Command } from "commander";
import { withExamples, withStack, withSystem, type StackOption, type SystemOption } from "../support/options";
import { openTerminal } from "../support/terminal";
import { findService } from "../compose/survey";
import { openStack } from "../runtime/open";

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
  return command.action((service: string, words: string[], options: ExecOptions) =>
    exec(service, words, options),
  );
}

/** Runs `longshore exec`. */
async function exec(
  service: string,
  words: readonly string[],
  { stack, system }: ExecOptions,
): Promise<void> {
  const found = await openStack(stack, system, openTerminal());
  process.exitCode = await found.runtime.exec(findService(found, service), words);
}
