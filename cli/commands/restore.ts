import { Option, type Command } from "commander";
import type { RestoreOptions } from "../backup/restore";
import { usage } from "../support/failure";
import { locked, withExamples, withJson, withStack, withSystem } from "../support/options";

export function register(program: Command): Command {
  const command = program
    .command("restore")
    .description("restore a dump, replacing the datastore's current data once the dump is verified")
    .argument("[store]", "such as db or nexus/graph; with --rehearse the default is each that keeps data")
    .option("--from <folder>", "folder of the dumps, as given to `backup --to`")
    .addOption(
      new Option(
        "--to <moment>",
        "PostgreSQL: its state at a moment, such as 2026-11-30T17:05:00Z, from its archive",
      ).conflicts(["file", "from", "identity", "rehearse"]),
    )
    .option("--file <name>", "another dump than the newest")
    .option("--identity <file>", "file with the private key (default: the key in the stack's config)")
    .option("--keep-old", "PostgreSQL: keep the current data as another database")
    .option("--rehearse", "restore into a copy beside the system, run its jobs, report, and remove it")
    .option("-y, --yes", "do not ask");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore restore nexus/db", "the newest dump"],
    ["longshore restore db --file nexus-db-000012-20261121T020000Z.dump.age --yes", ""],
    ["longshore restore db --to 2026-11-30T17:05:00Z", "the state before an accident"],
    ["longshore restore --rehearse", "proves that the newest dump of each datastore can be restored"],
  ]);
  return command.action((store: string | undefined, options: RestoreOptions) =>
    locked(options.stack, "restore", async () => {
      if (options.rehearse) {
        return (await import("../backup/rehearse.js")).rehearse(store, options);
      }
      if (store === undefined) {
        throw usage("restore: expected a datastore, got none\nfix: bin/longshore restore nexus/db");
      }
      return (await import("../backup/restore.js")).restore(store, options);
    }),
  );
}
