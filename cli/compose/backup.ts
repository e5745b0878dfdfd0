import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { backupJobOf } from "../../render/backup/machine";
import { dataDir } from "../../tools/paths";
import type { BackupOptions, RestoreOptions } from "../backup";
import { EXIT, Failure, usage } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import { loadPlans } from "../support/plans";
import { startProgress, type Progress } from "../support/progress";
import { confirm, formatSeconds, openTerminal, table, type Terminal } from "../support/terminal";
import { runJob, type Store } from "./backup-job";
import type { Container, Engine } from "./docker";
import { requireNoDeployment, restartOne } from "./restart";
import { findService, survey, type Survey } from "./survey";

interface Dump {
  readonly system: string;
  readonly store: string;
  readonly file: string;
  readonly bytes: number;
  readonly seconds: number;
}

/** `longshore backup` */
export async function backup(
  names: readonly string[],
  { stack, system, json = false, to, keep }: BackupOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const { found, stores } = await storesOf(stack, system, names, terminal);
  requireNoDeployment(stack);
  const dumps: Dump[] = [];
  const progress = await startProgress(terminal);
  const interrupts = catchInterrupts();
  try {
    for (const [index, store] of stores.entries()) {
      const folder = folderOf(to, stack, store);
      const made = await dump(found.engine, store, { folder, signal: interrupts.signal }, progress);
      if (!made) {
        const rest = stores.slice(index).map(nameOf);
        throw new Failure(`interrupted; not dumped: ${rest.join(", ")}`, EXIT.interrupted);
      }
      dumps.push(made);
      if (keep !== undefined) {
        prune(folder, store.job.name, keep);
      }
    }
  } finally {
    interrupts.release();
    progress.stop();
  }
  if (json) {
    terminal.json({ stack, dumps });
    return;
  }
  const rows = dumps.map(({ system: of, store, file, bytes, seconds }) => [
    `${of}/${store}`,
    file.split("/").at(-1) ?? "",
    inWords(bytes),
    formatSeconds(seconds),
  ]);
  table(["datastore", "dump", "size", "time"], rows, terminal).forEach(terminal.out);
  terminal.out(
    `in ${resolve(to ?? defaultFolder(stack))}; a copy elsewhere survives the loss of this machine`,
  );
}

/** `longshore restore` */
export async function restore(
  name: string,
  { stack, system, json = false, to, file, yes = false }: RestoreOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const { found, stores } = await storesOf(stack, system, [name], terminal);
  requireNoDeployment(stack);
  const [store] = stores;
  if (!store) {
    throw usage(`${name} has nothing to restore`);
  }
  const folder = folderOf(to, stack, store);
  const known = dumpsIn(folder, store.job.name);
  const chosen = file ?? known.at(-1);
  if (chosen === undefined || !known.includes(chosen)) {
    const there = known.length === 0 ? "there is none" : `there are ${known.slice(-5).join(", ")}`;
    throw usage(
      `${store.system}/${store.store}: no dump ${chosen ?? ""} in ${folder}; ${there}`.replace("  ", " "),
    );
  }
  if (!yes) {
    await confirm(terminal, `Put ${chosen} in the place of what ${store.system}/${store.store} has now?`);
  }
  const started = Date.now();
  const progress = await startProgress(terminal);
  const interrupts = catchInterrupts(() => {
    progress.line("the restore goes on to its end, for half of a dump is no data; once more ends it");
  });
  try {
    progress.now(`${nameOf(store)}: restoring ${chosen}`);
    const { signal } = interrupts;
    const job = { what: "restore", folder, env: { BACKUP_FILE: chosen }, signal } as const;
    const said = await interrupts.whole(() => runJob(found.engine, store, job));
    if (said === undefined) {
      throw new Failure(
        `interrupted; ${nameOf(store)} may have only a part of ${chosen}: restore it again`,
        EXIT.interrupted,
      );
    }
    await restartClients(found, store, stack, progress, signal);
  } finally {
    interrupts.release();
    progress.stop();
  }
  const seconds = (Date.now() - started) / 1000;
  if (json) {
    terminal.json({ stack, system: store.system, store: store.store, file: chosen, seconds });
  } else {
    terminal.out(`${store.system}/${store.store} is as in ${chosen}, ${formatSeconds(seconds)}`);
  }
}

/** @throws Failure that says who was not restarted */
async function restartClients(
  { engine, containers }: Survey,
  { system, job }: Store,
  stack: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  Object.assign(process.env, engine.env);
  const running = job.restarts.filter((store) =>
    containers.some((one) => isOf(one, { system, store }) && one.state === "running"),
  );
  for (const [index, service] of running.entries()) {
    try {
      await restartOne({ system, service }, stack, progress, signal);
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
      const rest = running.slice(index).map((one) => `${system}/${one}`);
      throw new Failure(
        `interrupted; the dump is back, but these know changes that are not in it: bin/longshore restart ${rest.join(" ")}`,
        EXIT.interrupted,
      );
    }
    progress.line(`  ${system}/${service} restarted: it knew changes that are not in the dump`);
  }
}

/** @throws Failure for a name that is no datastore with data, or one that does not run */
async function storesOf(
  stack: string,
  only: readonly string[],
  names: readonly string[],
  terminal: Terminal,
): Promise<{ found: Survey; stores: readonly Store[] }> {
  const found = await survey(stack, only, onCluster, terminal);
  const { plans } = loadPlans(stack, only);
  const all = plans.flatMap((plan) =>
    plan.datastores.flatMap((datastore) => {
      const job = backupJobOf(plan, datastore);
      return job === undefined ? [] : [{ system: plan.system, store: datastore.name, job }];
    }),
  );
  const wanted =
    names.length === 0
      ? all.filter((one) => found.containers.some((container) => isOf(container, one)))
      : names.map((name) => {
          const { system, service } = findService(found, name);
          const one = all.find((each) => each.system === system && each.store === service);
          if (!one) {
            throw usage(
              `${system}/${service} is no datastore that can be dumped; there are ${all.map((each) => `${each.system}/${each.store}`).join(", ")}`,
            );
          }
          return one;
        });
  const stores = wanted.map((one) => {
    const container = found.containers.find((each) => isOf(each, one) && each.state === "running");
    if (!container) {
      throw usage(
        `${one.system}/${one.store} does not run; bring it up with: bin/longshore up --system ${one.system}`,
      );
    }
    return { ...one, container };
  });
  if (stores.length === 0) {
    throw usage(`nothing that keeps data runs on stack ${stack}`);
  }
  return { found, stores };
}

function isOf({ system, service }: Container, one: { system: string; store: string }): boolean {
  return system === one.system && service === one.store;
}

const nameOf = ({ system, store }: Pick<Store, "system" | "store">): string => `${system}/${store}`;

const onCluster = (system: string): string =>
  `kubectl --namespace ${system} create job --from=cronjob/STORE-dump STORE-dump-now (docs/backups.md)`;

/** @returns undefined when it was interrupted */
async function dump(
  engine: Engine,
  store: Store,
  options: { readonly folder: string; readonly signal: AbortSignal },
  progress: Progress,
): Promise<Dump | undefined> {
  const { folder, signal } = options;
  if (signal.aborted) {
    return undefined;
  }
  const started = Date.now();
  progress.now(`${store.system}/${store.store}: dumping`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The datastore's own user writes here; the folder above is closed to everybody but us.
  chmodSync(join(folder, ".."), 0o700);
  chmodSync(folder, 0o777);
  const said = await runJob(engine, store, { what: "dump", ...options });
  if (said === undefined) {
    return undefined;
  }
  const name = /^wrote \/backup\/(\S+), \d+ bytes$/m.exec(said)?.[1];
  if (name === undefined) {
    throw new Failure(`${store.system}/${store.store}: the dump did not say where it is: ${said.trim()}`);
  }
  const file = join(folder, name);
  return {
    system: store.system,
    store: store.store,
    file,
    bytes: statSync(file).size,
    seconds: (Date.now() - started) / 1000,
  };
}

const defaultFolder = (stack: string) => join(dataDir(), "backups", stack);

function folderOf(to: string | undefined, stack: string, { system, store }: Store): string {
  return join(to === undefined ? defaultFolder(stack) : resolve(to), system, store);
}

/** Names of whole dumps, oldest first: the time is in the name. */
function dumpsIn(folder: string, name: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.startsWith(`${name}-`))
        .sort()
    : [];
}

function prune(folder: string, name: string, keep: number): void {
  for (const file of dumpsIn(folder, name).slice(0, -keep)) {
    rmSync(join(folder, file));
  }
}

function inWords(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
