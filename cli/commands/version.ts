import type { Command } from "commander";
import { withExamples, withJson, type JsonOption } from "../support/options";

export function register(program: Command): Command {
  const command = program.command("version").description("show the version of longshore");
  withExamples(withJson(command), [["longshore version --json", "with Node.js and the Pulumi SDK"]]);
  return command.action(async (options: JsonOption) => {
    (await import("../support/version.js")).version(options);
  });
}
