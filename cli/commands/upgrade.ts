import { InvalidArgumentError, type Command } from "commander";
import { usage } from "../support/failure";
import { locked, withExamples, withJson, withStack, withSystem } from "../support/options";
import type { UpgradeOptions } from "../upgrade/options";

export function register(program: Command): Command {
  const command = program
    .command("upgrade")
    .description("move a PostgreSQL of this machine to another major version, with a way back")
    .argument("<datastore>", "such as db or todo/db")
    .option(
      "--to <version>",
      "copy the data to a server of this major version, verify it, and switch",
      version,
    )
    .option("--rehearse", "with --to: copy beside the running server, report time and rows, remove the copy")
    .option("--back", "return to the data from before the upgrade; data written since is kept apart")
    .option("--forget", "delete the data that the upgrade has kept")
    .option("-y, --yes", "do not ask");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore upgrade todo/db --to 18 --rehearse", "shows whether it works and how long it takes"],
    ["longshore upgrade todo/db --to 18", "stops the database, copies, verifies, switches, deploys"],
    ["longshore upgrade todo/db --back", "PostgreSQL 17 with its data from before"],
    ["longshore upgrade todo/db --forget", "frees the disk space of the old data"],
  ]);
  return command.action((store: string, options: UpgradeOptions) =>
    locked(options.stack, "upgrade", async () => {
      const { to, rehearse = false, back = false, forget = false } = options;
      if (
        [to !== undefined, back, forget].filter((one) => one).length !== 1 ||
        (rehearse && to === undefined)
      ) {
        throw usage("expected one of --to VERSION [--rehearse], --back and --forget");
      }
      if (to !== undefined) {
        await (await import("../upgrade/upgrade.js")).upgrade(store, to, options);
      } else {
        const module = await import("../upgrade/back.js");
        await (back ? module.back(store, options) : module.forget(store, options));
      }
    }),
  );
}

function version(value: string): number {
  if (!/^\d{1,3}$/.test(value)) {
    throw new InvalidArgumentError(`Expected a major version such as 18, got ${value}.`);
  }
  return Number(value);
}
