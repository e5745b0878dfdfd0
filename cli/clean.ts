import type { Command } from "commander";
import { withExamples, withJson, withSystem, type JsonOption, type SystemOption } from "./support/options";

export interface CleanOptions extends SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly cache?: boolean;
}

export function registerClean(program: Command): Command {
  const command = program
    .command("clean")
    .description("remove images of former builds that nothing here runs or can go back to")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only show what would go")
    .option("--cache", "also the builder's cache of more than a week ago, of whatever was built");
  withExamples(withJson(withSystem(command)), [
    ["longshore clean --dry-run", "what takes room"],
    ["longshore clean --system todo", "old images of one system"],
    ["longshore clean --cache --yes", "all that can be made again, for a disk that is full"],
  ]);
  return command.action(async (options: CleanOptions) => (await import("./images/clean.js")).clean(options));
}
