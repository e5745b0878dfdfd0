import type { Command } from "commander";
import { withExamples, withJson, withStack, type JsonOption, type StackOption } from "../support/options";

export interface ValidateOptions extends StackOption, JsonOption {
  readonly configFile?: string;
}

export function register(program: Command): Command {
  const command = program
    .command("validate")
    .description("check the systems and a stack's settings; shows every mistake at once")
    .option("--config-file <file>", "settings to check instead of Pulumi.<stack>.yaml");
  withExamples(withJson(withStack(command)), [
    ["longshore validate --stack prod", ""],
    ["longshore validate --stack prod --json", "for an editor or a pipeline"],
  ]);
  return command.action(async (options: ValidateOptions) => {
    (await import("../documents/validate.js")).validate(options);
  });
}
