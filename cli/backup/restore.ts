import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { EXIT, Failure, usage } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import { startProgress, type Progress } from "../support/progress";
import { confirm, formatSeconds, openTerminal, type Terminal } from "../support/terminal";
import { dumpsIn } from "./archive";
import { identityOf, openDump, verifyDump } from "./encryption";
import { requireRestoreSpace } from "./disk-space";
import { nameOf, runJob, type JobResult, type Store } from "./job";
import { archiveOf, discardState, parseMoment, recoverState, type RecoveredState } from "./point-in-time";
import { beginRestore, endRestore } from "./unfinished";
import { folderOf, running, storesOf } from "./stores";
import { projectOf, type Engine } from "../compose/docker";
import { documentOf } from "../../providers/compose/restart";
import { requireNoDeployment, restartOne, rerunOne } from "../compose/restart";
import type { MachineSurvey } from "../compose/survey";
import type { JsonOption, StackOption, SystemOption } from "../support/options";

export interface RestoreOptions extends StackOption, SystemOption, JsonOption {
  /** Folder of the dumps. @default - below the data folder */
  readonly from?: string;
  /** Moment to restore, from the archived WAL of PostgreSQL, in ISO 8601. @default - restore a dump */
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

/** Runs `longshore restore`: prepares the data beside the current data, verifies it, then switches. */
export async function restore(name: string, options: RestoreOptions): Promise<void> {
  const { stack, system, json = false, to, from, yes = false, keepOld = false } = options;
  const terminal = openTerminal({ json });
  const { found, stores } = await storesOf(stack, system, [name], terminal);
  requireNoDeployment(stack);
  const [known] = stores;
  if (!known) {
    throw usage(`${name}: has nothing to restore`);
  }
  const store = running(known);
  const label = nameOf(store);
  if (keepOld && store.job.kind !== "postgres") {
    throw usage(
      `--keep-old: expected a PostgreSQL datastore, got ${label} (${store.job.kind})\nfix: bin/longshore backup ${label}`,
    );
  }
  const moment = to === undefined ? undefined : parseMoment(to);
  const archived = moment === undefined ? undefined : archiveOf(store, found.containers);
  const dumps = folderOf(from, stack, store);
  const dump = archived ? undefined : await chosenDump(dumps, store, options, terminal);
  if (dump) {
    await requireRestoreSpace(found.engine, store, join(dump.folder, dump.file));
  }
  const what = moment === undefined ? (dump?.file ?? "") : `its state at ${moment}`;
  if (!yes) {
    await confirm(terminal, `Replace the data of ${label} with ${what}?`);
  }
  const started = Date.now();
  const progress = await startProgress(terminal);
  const interrupts = catchInterrupts(() => {
    progress.line("Finishing the restore; press Ctrl-C again to abort");
  });
  const { signal } = interrupts;
  let rows: number | undefined;
  let recovered: RecoveredState | undefined;
  try {
    if (moment !== undefined && archived) {
      progress.now(`${label}: recovering ${what} beside the datastore`);
      recovered = await recoverState(found.engine, store, { moment, archived, dumps, signal });
      if (recovered) {
        await requireRestoreSpace(found.engine, store, join(recovered.folder, recovered.file));
      }
    }
    const source = dump ?? recovered;
    if (!source) {
      throw new Failure(`interrupted; ${label} is unchanged`, EXIT.interrupted);
    }
    const { folder, file: chosen, identity } = source;
    progress.now(`${label}: verifying ${chosen}`);
    const sum = await verifyDump(folder, chosen, identity);
    const id = randomBytes(4).toString("hex");
    const unfinished = { stack, system: store.system, store: store.store, id, file: resolve(folder, chosen) };
    const result = await interrupts.whole(async () => {
      await beginRestore(unfinished);
      progress.now(`${label}: restoring ${what}`);
      const env = { RESTORE_ID: id, DUMP_SHA256: sum, ...(keepOld && { KEEP_OLD: "yes" }) };
      return bring(found.engine, store, { env, signal, input: await openDump(folder, chosen, identity) });
    });
    if (!result) {
      throw new Failure(
        `interrupted; ${label} has either its data from before or all of ${what}; ` +
          `fix: restore again, or complete it with: bin/longshore up --system ${store.system}`,
        EXIT.interrupted,
      );
    }
    rows = result.rows;
    await restartClients(found, store, stack, progress, signal);
    await rerunJobs(found, store, stack, progress, signal);
    await endRestore(unfinished);
    const kept = /^kept (\S+)$/m.exec(result.text)?.[1];
    if (kept !== undefined) {
      progress.line(`the data from before is the database ${kept}`);
    }
  } finally {
    if (recovered) {
      await discardState(recovered);
    }
    interrupts.release();
    progress.stop();
  }
  const seconds = (Date.now() - started) / 1000;
  if (json) {
    const source = moment === undefined ? { file: what } : { to: moment };
    terminal.json({ stack, system: store.system, store: store.store, ...source, rows, seconds });
  } else {
    const counted = rows === undefined ? "" : `, ${rows} ${store.job.kind === "redis" ? "keys" : "rows"}`;
    terminal.out(`${label}: restored ${what}${counted}, ${formatSeconds(seconds)}`);
  }
}

async function chosenDump(
  folder: string,
  store: Store,
  { stack, file, identity: keyFile }: RestoreOptions,
  terminal: Terminal,
): Promise<{ readonly folder: string; readonly file: string; readonly identity: string | undefined }> {
  const chosen = await chooseDump(folder, store, file);
  const isEncrypted = chosen.endsWith(".age");
  const identity = isEncrypted ? await identityOf(stack, keyFile, terminal) : undefined;
  return { folder, file: chosen, identity };
}

/** Chooses the dump to restore. @throws Failure that lists the available dumps */
export async function chooseDump(folder: string, store: Store, file: string | undefined): Promise<string> {
  const known = (await dumpsIn(folder, store.job.name)).map((one) => one.file);
  const chosen = file ?? known.at(-1);
  if (chosen === undefined || !known.includes(chosen)) {
    const there = known.length === 0 ? "none there" : `there are ${known.slice(-5).join(", ")}`;
    throw usage(
      `${nameOf(store)}: expected ${chosen === undefined ? "a dump" : `the dump ${chosen}`} in ${folder}; ${there}`,
    );
  }
  return chosen;
}

/** Prepares the restored data and switches to it. After a failure or an interruption, completes or rolls back at once. */
export async function bring(
  engine: Engine,
  store: Store,
  {
    env,
    signal,
    input,
  }: Pick<Parameters<typeof runJob>[2], "env" | "input"> & { readonly signal: AbortSignal },
): Promise<JobResult | undefined> {
  const unlimited = new AbortController().signal;
  try {
    const prepared = await runJob(engine, store, {
      purpose: "restore",
      signal,
      ...(env && { env }),
      ...(input && { input }),
    });
    if (!prepared) {
      await recovered();
      return undefined;
    }
    if (!store.job.requiresStop) {
      return prepared;
    }
    return await runJob(engine, store, { purpose: "switch", signal: unlimited, ...(env && { env }) });
  } catch (error) {
    await recovered();
    throw error;
  }
  // If recovery fails too, the record of the restore remains and `up` retries.
  async function recovered(): Promise<void> {
    await runJob(engine, store, { purpose: "recover", signal: unlimited }).catch(() => undefined);
  }
}

/** Restarts the clients of the datastore. @throws Failure that names the services that were not restarted */
async function restartClients(
  { engine, containers }: MachineSurvey,
  { system, job }: Store,
  stack: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  Object.assign(process.env, engine.env);
  const clients = job.restarts.filter((service) =>
    containers.some((one) => one.system === system && one.service === service && one.state === "running"),
  );
  for (const [index, service] of clients.entries()) {
    try {
      await restartOne({ system, service }, stack, progress, signal);
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
      const rest = clients.slice(index).map((one) => `${system}/${one}`);
      throw new Failure(
        `interrupted; the dump is restored, but these services know changes that are not in it: ` +
          `bin/longshore restart ${rest.join(" ")}`,
        EXIT.interrupted,
      );
    }
    progress.line(`  ${system}/${service} restarted: it knew changes that are not in the dump`);
  }
}

/**
 * Reruns the datastore's jobs, because a dump may be older than the last migration. A job whose container is gone, pruned
 * or by a kill between two runs, runs as well.
 * @throws Failure that names the job
 */
export async function rerunJobs(
  { engine }: MachineSurvey,
  { system, store, job }: Store,
  stack: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  Object.assign(process.env, engine.env);
  const made = await documentOf(projectOf(system, stack), store);
  // A job that the checkout describes may not have been deployed yet.
  const jobs = job.reruns.filter((name) => made !== undefined && name in made.document.services);
  for (const service of jobs) {
    await rerunOne({ system, service }, stack, progress, signal);
    progress.line(`  ${system}/${service} has run again: the dump may be older than its last run`);
  }
}
