import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export interface DownOptions extends StackOption, SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly volumes?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("down")
    .description("stop and remove a stack; data stays unless --volumes is given")
    .option("-y, --yes", "do not ask")
    .option("--volumes", "also delete the data of databases on this machine (cannot be undone)");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore down", "ask, then remove what runs here; the databases keep their data"],
    ["longshore down --volumes --yes", "leave no data; images stay, for the next time"],
  ]);
  return command.action((options: DownOptions) =>
    locked(options.stack, "down", async () => (await import("../engine/actions.js")).down(options)),
  );
}
