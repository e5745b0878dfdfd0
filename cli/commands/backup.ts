import { InvalidArgumentError, type Command } from "commander";
import type { BackupOptions } from "../backup/backup";
import { locked, withExamples, withJson, withStack, withSystem } from "../support/options";

export function register(program: Command): Command {
  const command = program
    .command("backup")
    .description("dump datastores of this machine to encrypted files; Neo4j is stopped during its dump")
    .argument("[stores...]", "such as db or nexus/graph (default: all that keep data)")
    .option("--to <folder>", "folder of the dumps (default: longshore/backups/STACK in the data folder)")
    .option("--keep <count>", "remove all but this number of dumps of each datastore", count)
    .option("--plain", "do not encrypt the dumps")
    .option(
      "--schedule <calendar>",
      'install a systemd timer instead, such as daily or "*-*-* 03:00"; off removes it',
    );
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore backup", "everything that keeps data"],
    ["longshore backup nexus/db --to /mnt/backups --keep 14", "keeps the newest 14 dumps"],
    ["longshore backup --schedule daily --keep 14", "every day at midnight, by a timer of systemd"],
  ]);
  return command.action((stores: string[], options: BackupOptions) =>
    locked(options.stack, "backup", async () =>
      options.schedule === undefined
        ? (await import("../backup/backup.js")).backup(stores, options)
        : (await import("../backup/schedule.js")).schedule(stores, options),
    ),
  );
}

function count(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) {
    throw new InvalidArgumentError(`Expected a whole number from 1 to 9999, got ${value}.`);
  }
  return Number(value);
}
