import type { Command } from "commander";
import { withExamples, withStack, withSystem, type StackOption, type SystemOption } from "../support/options";
import { usage } from "../support/failure";
import { openTerminal } from "../support/terminal";
import { findService } from "../compose/survey";
import { nothingRuns } from "../compose/states";
import { openStack } from "../runtime/open";

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
  return command.action((service: string | undefined, options: LogsOptions) => logs(service, options));
}

/** Runs `longshore logs`. */
async function logs(
  service: string | undefined,
  { stack, system, follow = false, tail = "200" }: LogsOptions,
): Promise<void> {
  if (!/^(\d+|all)$/.test(tail)) {
    throw usage(`--tail: expected a number of lines or all, got ${tail}`);
  }
  const terminal = openTerminal();
  const found = await openStack(stack, system, terminal);
  const up = new Set(found.instances.map((one) => one.system));
  const where =
    service === undefined
      ? [...up].map((name) => ({ system: name, service: undefined }))
      : [findService(found, service)];
  if (where.length === 0) {
    terminal.note(nothingRuns(stack));
  }
  process.exitCode = await found.runtime.logs(where, { follow, tail: tail === "all" ? tail : Number(tail) });
}
