import { InvalidArgumentError, Option, type Command } from "commander";
import { withExamples, withJson, withSystem, type JsonOption, type SystemOption } from "../support/options";

export interface CleanOptions extends SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  /** Minimum age in hours of build cache entries to delete. @default - the build cache is kept */
  readonly cache?: number;
}

export function register(program: Command): Command {
  const command = program
    .command("clean")
    .description("remove images of former builds that nothing here runs or can roll back to")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only show what would go")
    .addOption(
      new Option("--cache [age]", "also the builder's cache that is older, of whatever was built (12h, 30d)")
        .preset("7d")
        .argParser(hours),
    );
  withExamples(withJson(withSystem(command)), [
    ["longshore clean --dry-run", "what takes room"],
    ["longshore clean --system todo", "old images of one system"],
    ["longshore clean --cache --yes", "with the builder's cache of more than a week ago"],
    ["longshore clean --cache 0h --yes", "all that can be made again, for a disk that is full"],
  ]);
  return command.action(async (options: CleanOptions) => (await import("../images/clean.js")).clean(options));
}

function hours(value: string): number {
  const { count, unit } = /^(?<count>\d{1,5})(?<unit>[hd])$/.exec(value)?.groups ?? {};
  if (count === undefined) {
    throw new InvalidArgumentError(`Expected hours or days such as 12h or 30d, got ${value}.`);
  }
  return Number(count) * (unit === "d" ? 24 : 1);
}
