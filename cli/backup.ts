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

export interface RestoreOptions extends StackOption, SystemOption, JsonOption {
  /** Folder of the dumps. @default - below the data folder */
  readonly to?: string;
  /** Name of the dump to restore. @default - the newest */
  readonly file?: string;
  /** File with the private key. @default - the key in the stack's config */
  readonly identity?: string;
  /** Whether PostgreSQL keeps the replaced data as another database. @default false */
  readonly keepOld?: boolean;
  /** Whether to restore the dump into a temporary copy of the datastore only. @default false */
  readonly rehearse?: boolean;
  readonly yes?: boolean;
}

export function registerBackup(program: Command): Command {
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
        ? (await import("./compose/backup.js")).backup(stores, options)
        : (await import("./compose/backup-schedule.js")).schedule(stores, options),
    ),
  );
}

export function registerRestore(program: Command): Command {
  const command = program
    .command("restore")
    .description("restore a dump, replacing the datastore's current data once the dump is verified")
    .argument("<store>", "such as db or nexus/graph")
    .option("--to <folder>", "folder of the dumps, as given to `backup`")
    .option("--file <name>", "another dump than the newest")
    .option("--identity <file>", "file with the private key (default: the key in the stack's config)")
    .option("--keep-old", "PostgreSQL: keep the current data as another database")
    .option("--rehearse", "restore into a copy beside the system, run its jobs, report, and remove it")
    .option("-y, --yes", "do not ask");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore restore nexus/db", "the newest dump"],
    ["longshore restore db --file nexus-db-000012-20261121T020000Z.dump.age --yes", ""],
    ["longshore restore nexus/db --rehearse", "proves that the newest dump can be restored"],
  ]);
  return command.action((store: string, options: RestoreOptions) =>
    locked(options.stack, "restore", async () =>
      options.rehearse
        ? (await import("./compose/backup-rehearse.js")).rehearse(store, options)
        : (await import("./compose/backup-restore.js")).restore(store, options),
    ),
  );
}

function count(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) {
    throw new InvalidArgumentError(`Expected a whole number from 1 to 9999, got ${value}.`);
  }
  return Number(value);
}
