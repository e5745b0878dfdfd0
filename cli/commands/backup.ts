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
} from "../support/options";

export interface BackupOptions extends StackOption, SystemOption, JsonOption {
  /** Folder of the dumps. @default - below the data folder */
  readonly to?: string;
  /** Number of dumps to keep per datastore. @default - all */
  readonly keep?: number;
  /** Whether dumps are stored unencrypted. @default false */
  readonly plain?: boolean;
  /**
   * Schedule of a timer that takes backups, in systemd's OnCalendar syntax; `off` removes the timer.
   * @default - take one backup now
   */
  readonly schedule?: string;
}

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
