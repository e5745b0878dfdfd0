import type { Command } from "commander";
import { withExamples, withStack, withSystem, type StackOption, type SystemOption } from "../support/options";
import { openTerminal } from "../support/terminal";
import { handOver, projectOf } from "../compose/docker";
import { findService, survey } from "../compose/survey";
import { kubectl, findIn } from "../compose/elsewhere";

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
  const found = await survey(
    stack,
    system,
    (_, settings) => {
      const where = findIn(settings, service);
      return `${kubectl(settings)} exec --namespace ${where.system} -it deployment/${where.service} -- ${words.join(" ")}`;
    },
    openTerminal(),
  );
  const where = findService(found, service);
  const interactive = process.stdin.isTTY && process.stdout.isTTY;
  process.exitCode = await handOver(found.engine, [
    "compose",
    "--project-name",
    projectOf(where.system, stack),
    "exec",
    ...(interactive ? [] : ["--no-TTY"]),
    where.service,
    ...words,
  ]);
}
