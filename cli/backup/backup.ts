import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EXIT, Failure } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import { startProgress, type Progress } from "../support/progress";
import { formatSeconds, openTerminal, table, type Terminal } from "../support/terminal";
import { archive, prune, removeParts } from "./archive";
import { encrypt, recipientsOf } from "./encryption";
import { nameOf, runJob } from "./job";
import { requireDumpSpace } from "./disk-space";
import { publishAges } from "./publish";
import { recordBackup } from "./record";
import { defaultFolder, folderOf, running, storesOf, type KnownStore } from "./stores";
import type { Engine } from "../compose/docker";
import { requireNoDeployment } from "../compose/restart";
import type { JsonOption, StackOption, SystemOption } from "../support/options";

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

interface Dump {
  readonly system: string;
  readonly store: string;
  readonly file: string;
  readonly bytes: number;
  readonly rows?: number;
  readonly seconds: number;
}

interface FailedDump {
  readonly system: string;
  readonly store: string;
  readonly message: string;
}

interface DumpOptions {
  readonly folder: string;
  readonly keep?: number | undefined;
  /** Public keys. Empty: the dump is not encrypted. */
  readonly recipients: readonly string[];
  readonly signal: AbortSignal;
}

/** Runs `longshore backup`. A failed dump of one datastore does not prevent the others. */
export async function backup(
  names: readonly string[],
  { stack, system, json = false, to, keep, plain = false }: BackupOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const { found, stores } = await storesOf(stack, system, names, terminal);
  requireNoDeployment(stack);
  const recipients = plain ? [] : await recipientsOf(stack, terminal);
  const dumps: Dump[] = [];
  const failed: FailedDump[] = [];
  const progress = await startProgress(terminal);
  const interrupts = catchInterrupts();
  const { signal } = interrupts;
  try {
    for (const [index, store] of stores.entries()) {
      const options = { folder: folderOf(to, stack, store), keep, recipients, signal };
      try {
        const made = await dumpOne(found.engine, store, options, progress);
        if (made) {
          dumps.push(made);
          const { system: of, store: name, file } = made;
          const record = { system: of, store: name, file, at: new Date().toISOString() };
          await recordBackup(stack, record).catch((error: unknown) => {
            // The dump itself is complete.
            progress.line(`${nameOf(store)}: \`status\` will not show this backup: ${String(error)}`);
          });
        }
      } catch (error) {
        if (!(error instanceof Failure) || signal.aborted) {
          throw error;
        }
        failed.push({ system: store.system, store: store.store, message: error.message });
      }
      if (signal.aborted) {
        const isDone = dumps.some((one) => nameOf(one) === nameOf(store));
        const rest = stores.slice(index + (isDone ? 1 : 0)).map(nameOf);
        if (rest.length === 0) {
          break;
        }
        throw new Failure(`interrupted; not dumped: ${rest.join(", ")}`, EXIT.interrupted);
      }
    }
  } finally {
    interrupts.release();
    progress.stop();
  }
  await publishAges(found.engine, stack, terminal);
  report({ stack, dumps, failed, folder: resolve(to ?? defaultFolder(stack)) }, terminal, json);
}

/** @throws Failure that names every datastore without a new dump */
function report(
  { stack, dumps, failed, folder }: { stack: string; dumps: Dump[]; failed: FailedDump[]; folder: string },
  terminal: Terminal,
  json: boolean,
): void {
  if (json) {
    terminal.json({ stack, dumps, failed });
    process.exitCode = failed.length > 0 ? EXIT.failed : EXIT.ok;
    return;
  }
  if (dumps.length > 0) {
    const rows = dumps.map(({ system, store, file, bytes, seconds }) => [
      `${system}/${store}`,
      file.split("/").at(-1) ?? "",
      formatBytes(bytes),
      formatSeconds(seconds),
    ]);
    table(["datastore", "dump", "size", "time"], rows, terminal).forEach(terminal.out);
    terminal.out(`in ${folder}; a copy elsewhere survives the loss of this machine`);
  }
  if (failed.length > 0) {
    throw new Failure(
      [
        `${failed.length} of ${dumps.length + failed.length} datastores have no new dump`,
        ...failed.map(({ message }) => message),
      ].join("\n"),
    );
  }
}

/** @returns undefined if interrupted */
export async function dumpOne(
  engine: Engine,
  known: KnownStore,
  { folder, keep, recipients, signal }: DumpOptions,
  progress: Progress,
): Promise<Dump | undefined> {
  if (signal.aborted) {
    return undefined;
  }
  const store = running(known);
  const started = Date.now();
  const label = nameOf(store);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new Failure(`${folder}: cannot be made: ${(error as Error).message}`);
  });
  await requireDumpSpace(folder, store.job.name);
  progress.now(`${label}: dumping`);
  let result: Awaited<ReturnType<typeof runJob>>;
  const { name, scripts } = store.job;
  const what = { name, extension: scripts.extension, encrypted: recipients.length > 0 };
  try {
    await removeParts(folder);
    const made = await archive(folder, what, async (sink) => {
      result = await runJob(engine, store, {
        purpose: "dump",
        signal,
        output: async (bytes) => sink(recipients.length > 0 ? await encrypt(bytes, recipients) : bytes),
      });
      if (!result) {
        throw new Interrupted();
      }
    });
    if (keep !== undefined) {
      await prune(folder, name, keep);
    }
    const { rows } = result ?? {};
    return {
      system: store.system,
      store: store.store,
      file: join(folder, made.file),
      bytes: made.bytes,
      ...(rows !== undefined && { rows }),
      seconds: (Date.now() - started) / 1000,
    };
  } catch (error) {
    if (error instanceof Interrupted) {
      return undefined;
    }
    throw error;
  }
}

class Interrupted extends Error {}

export function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
