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

export type HealthOptions = StackOption & SystemOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("health")
    .description("ask every service for its health now; exit with 1 when one is not well");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore health", ""],
    ["longshore health --system todo", "one system"],
  ]);
  return command.action(async (options: HealthOptions) =>
    (await import("../compose/actions.js")).health(options),
  );
}
