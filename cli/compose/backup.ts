import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { backupJobOf, type BackupJob } from "../../render/backup/machine";
import { dataDir } from "../../tools/paths";
import { run } from "../../tools/process";
import type { BackupOptions, RestoreOptions } from "../backup";
import { EXIT, Failure, usage } from "../support/failure";
import { loadPlans } from "../support/plans";
import { startProgress, type Progress } from "../support/progress";
import { confirm, formatSeconds, openTerminal, table, type Terminal } from "../support/terminal";
import { docker, type Container, type Engine } from "./docker";
import { requireNoDeployment, restartOne } from "./restart";
import { findService, survey, type Survey } from "./survey";

/** A datastore of this machine that keeps data, and runs. */
interface Store {
  readonly system: string;
  readonly store: string;
  readonly container: Container;
  readonly job: BackupJob;
}

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
  try {
    for (const store of stores) {
      const folder = folderOf(to, stack, store);
      dumps.push(await dump(found.engine, store, folder, progress));
      if (keep !== undefined) {
        prune(folder, store.job.name, keep);
      }
    }
  } finally {
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
  try {
    progress.now(`${store.system}/${store.store}: restoring ${chosen}`);
    await runJob(found.engine, store, "restore", folder, { BACKUP_FILE: chosen });
    Object.assign(process.env, found.engine.env);
    const running = (service: string) =>
      found.containers.some(
        (one) => isOf(one, { system: store.system, store: service }) && one.state === "running",
      );
    for (const service of store.job.restarts.filter(running)) {
      const { signal } = new AbortController();
      await restartOne({ system: store.system, service }, stack, progress, signal);
      progress.line(`  ${store.system}/${service} restarted: it knew changes that are not in the dump`);
    }
  } finally {
    progress.stop();
  }
  const seconds = (Date.now() - started) / 1000;
  if (json) {
    terminal.json({ stack, system: store.system, store: store.store, file: chosen, seconds });
  } else {
    terminal.out(`${store.system}/${store.store} is as in ${chosen}, ${formatSeconds(seconds)}`);
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

const onCluster = (system: string): string =>
  `kubectl --namespace ${system} create job --from=cronjob/STORE-dump STORE-dump-now (docs/backups.md)`;

async function dump(engine: Engine, store: Store, folder: string, progress: Progress): Promise<Dump> {
  const started = Date.now();
  progress.now(`${store.system}/${store.store}: dumping`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The datastore's own user writes here; the folder above is closed to everybody but us.
  chmodSync(join(folder, ".."), 0o700);
  chmodSync(folder, 0o777);
  const said = await runJob(engine, store, "dump", folder);
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

/**
 * Runs a script as the datastore's own user, in its image, with its network and its files: what reaches it here is what
 * it reaches itself. One that cannot be dumped while it runs stands still meanwhile.
 */
async function runJob(
  engine: Engine,
  { system, store, container, job }: Store,
  what: "dump" | "restore",
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const network = job.standsStill ? "none" : `container:${container.id}`;
  const variables = Object.entries({ BACKUP_FOLDER: "/backup", BACKUP_NAME: job.name, ...job.env, ...more });
  const args = [
    ...["run", "--rm", "--pull", "never", "--network", network, "--volumes-from", container.id],
    ...[
      "--read-only",
      "--tmpfs",
      "/tmp:mode=1777",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
    ],
    ...["--user", `${job.user}:${job.user}`, "--volume", `${resolve(folder)}:/backup`],
    ...variables.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...["--entrypoint", "sh", container.image, "-c", job.scripts[what]],
  ];
  if (job.standsStill) {
    await docker(engine, ["stop", "--time", "120", container.id], { timeoutMs: 180_000 });
  }
  try {
    const { code, stdout, stderr } = await run("docker", args, { env: engine.env, timeoutMs: 0 });
    if (code !== 0) {
      const last = stderr.trim().split("\n").slice(-5).join("\n  ");
      throw new Failure(`${system}/${store}: ${what} failed\n  ${last}`, EXIT.failed);
    }
    return stdout;
  } finally {
    if (job.standsStill) {
      await docker(engine, ["start", container.id]);
      await isReady(engine, container);
    }
  }
}

/** Waits until a container that was started again serves. @throws Failure after five minutes */
async function isReady(engine: Engine, { id, system, service }: Container): Promise<void> {
  for (let second = 0; second < 300; second += 1) {
    const health = await docker(engine, [
      "inspect",
      "--format",
      "{{if .State.Health}}{{.State.Health.Status}}{{end}}",
      id,
    ]);
    if (["", "healthy"].includes(health.trim())) {
      return;
    }
    await sleep(1000);
  }
  throw new Failure(
    `${system}/${service} is not healthy five minutes after its start; see: bin/longshore logs ${system}/${service}`,
  );
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
