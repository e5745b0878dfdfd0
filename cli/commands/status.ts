import type { Command } from "commander";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export type StatusOptions = StackOption & SystemOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("status")
    .description("show what runs: every service, its state, health and address");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore status", ""],
    ["longshore status --json", "for a script"],
  ]);
  return command.action(async (options: StatusOptions) =>
    (await import("../compose/actions.js")).status(options),
  );
}
