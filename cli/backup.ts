import { InvalidArgumentError, type Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "./support/options";

export interface BackupOptions extends StackOption, SystemOption, JsonOption {
  /** Folder of the dumps. @default - below the data folder */
  readonly to?: string;
  /** How many dumps of each datastore stay. @default - all */
  readonly keep?: number;
}

export interface RestoreOptions extends StackOption, SystemOption, JsonOption {
  /** Folder of the dumps. @default - below the data folder */
  readonly to?: string;
  /** Name of a dump. @default - the newest */
  readonly file?: string;
  readonly yes?: boolean;
}

export function registerBackup(program: Command): Command {
  const command = program
    .command("backup")
    .description("dump datastores of this machine to files; all but Neo4j's run on meanwhile")
    .argument("[stores...]", "such as db or nexus/graph; without any: all that keep data")
    .option("--to <folder>", "where dumps are kept (default: longshore/backups/STACK in the data folder)")
    .option("--keep <count>", "remove all but so many dumps of each datastore", count);
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore backup", "everything that keeps data"],
    ["longshore backup nexus/db --to /mnt/backups --keep 14", "for a timer: one a day, two weeks"],
  ]);
  return command.action((stores: string[], options: BackupOptions) =>
    locked(options.stack, "backup", async () =>
      (await import("./compose/backup.js")).backup(stores, options),
    ),
  );
}

export function registerRestore(program: Command): Command {
  const command = program
    .command("restore")
    .description("put a dump in the place of what a datastore of this machine has now")
    .argument("<store>", "such as db or nexus/graph")
    .option("--to <folder>", "where dumps are kept, as `backup` was told")
    .option("--file <name>", "another dump than the newest")
    .option("-y, --yes", "do not ask");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore restore nexus/db", "the newest dump"],
    ["longshore restore db --file nexus-db-20261121T020000Z.dump --yes", ""],
  ]);
  return command.action((store: string, options: RestoreOptions) =>
    locked(options.stack, "restore", async () =>
      (await import("./compose/backup.js")).restore(store, options),
    ),
  );
}

function count(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) {
    throw new InvalidArgumentError(`Expected a whole number from 1 to 9999, got ${value}.`);
  }
  return Number(value);
}
