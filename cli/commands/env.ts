import type { Command } from "commander";
import { withExamples, withJson, withStack, type JsonOption, type StackOption } from "../support/options";

export type EnvOptions = StackOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("env")
    .description("print the variables with which plain `pulumi` and `docker` see the same stack");
  withExamples(withJson(withStack(command)), [
    ['eval "$(bin/longshore env)"', "then: pulumi up --stack local"],
  ]);
  return command.action(async (options: EnvOptions) => (await import("../engine/env.js")).printEnv(options));
}
