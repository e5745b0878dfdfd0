import { planSystem } from "../../catalog/plan";
import { POSTGRES_VERSIONS, type PostgresVersion } from "../../catalog/choices";
import type { Plan } from "../../catalog/plan/types";
import { inspectContainers } from "../../providers/compose/containers";
import { documentOf } from "../../providers/compose/restart";
import { stopContainers } from "../../providers/compose/start-stop";
import { heldData, writeRecord } from "../../providers/compose/volume-data";
import { volumesOf, type HeldData } from "../../providers/compose/volume-check";
import { POSTGRES_UPGRADE, UPGRADE_PORT } from "../../render/backup/upgrade";
import { volumeName } from "../../render/compose/service";
import { planSettings } from "../../settings";
import { run } from "../../tools/process";
import { nameOf, runJob, type Store } from "../backup/job";
import { running, storesOf } from "../backup/stores";
import { docker, projectOf, runIn, type Engine } from "../compose/docker";
import { requireNoDeployment } from "../compose/restart";
import { EXIT, Failure, usage } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import { definitionOf, loadSettings } from "../support/plans";
import { startProgress, type Progress } from "../support/progress";
import { confirm, formatSeconds, openTerminal, type Terminal } from "../support/terminal";
import { Copy, copyDocument, type Target } from "./copy";
import { removeUpgrade, upgradeOf, writeUpgrade, type Side, type UpgradeRecord } from "./record";
import {
  commit,
  copyProject,
  deploySystem,
  finishSwitch,
  isCommitted,
  removeVolume,
  rollBack,
} from "./switch";
import type { UpgradeOptions } from "./options";

/** Everything that an upgrade needs to know, found before anything is changed. */
interface Prepared {
  readonly stack: string;
  readonly store: Store;
  readonly engine: Engine;
  readonly project: string;
  readonly made: NonNullable<Awaited<ReturnType<typeof documentOf>>>;
  readonly from: Side;
  readonly to: Side;
  readonly target: Target;
}

/** What a copy reports. */
interface Copied {
  readonly rows: number;
  readonly tables: number;
  readonly roles: number;
  readonly databases: number;
  readonly notes: readonly string[];
}

/** Runs `longshore upgrade --to`: copies the data to a server of another major version, and switches to it. */
export async function upgrade(name: string, to: number, options: UpgradeOptions): Promise<void> {
  const { stack, json = false, rehearse = false, yes = false } = options;
  const terminal = openTerminal({ json });
  const prepared = await prepare(name, to, options, terminal);
  const { store, from } = prepared;
  const label = nameOf(store);
  if (!rehearse && !yes) {
    await confirm(
      terminal,
      `Stop ${label}, copy it from PostgreSQL ${from.version} to ${to}, and switch to the copy?`,
    );
  }
  const started = Date.now();
  const progress = await startProgress(terminal);
  let copied: Copied;
  try {
    copied = await (rehearse ? rehearsed(prepared, progress) : upgraded(prepared, progress));
  } finally {
    progress.stop();
  }
  const seconds = (Date.now() - started) / 1000;
  if (json) {
    const { system } = store;
    terminal.json({
      stack,
      system,
      store: store.store,
      from: from.version,
      to: String(to),
      rehearse,
      ...copied,
      seconds,
    });
    return;
  }
  copied.notes.forEach((note) => {
    terminal.note(`${label}: ${note}`);
  });
  const counted = `${copied.rows} rows in ${copied.tables} tables, ${copied.roles} roles`;
  terminal.out(
    rehearse
      ? `${label}: can be upgraded from PostgreSQL ${from.version} to ${to}: ${counted}; the copy took ${formatSeconds(seconds)}, for which an upgrade stops it`
      : `${label}: PostgreSQL ${to}: ${counted}; it was stopped for ${formatSeconds(seconds)}. ` +
          `The data from before is in volume ${from.volume}. Roll back: bin/longshore upgrade ${label} --back; ` +
          `delete it: bin/longshore upgrade ${label} --forget`,
  );
}

async function prepare(
  name: string,
  version: number,
  { stack, system }: UpgradeOptions,
  terminal: Terminal,
): Promise<Prepared> {
  const wanted = POSTGRES_VERSIONS.find((one) => one === version);
  if (wanted === undefined) {
    throw usage(`--to: expected ${POSTGRES_VERSIONS.join(" or ")}, got ${version}`);
  }
  const { found, stores } = await storesOf(stack, system, [name], terminal);
  requireNoDeployment(stack);
  const [known] = stores;
  if (known?.job.kind !== "postgres") {
    throw usage(
      `${name}: expected a PostgreSQL datastore; Redis, Kafka and Neo4j upgrade their data at the start of a newer version`,
    );
  }
  const store = running(known);
  const { engine } = found;
  const label = nameOf(store);
  requireSettled(stack, store);
  Object.assign(process.env, engine.env);
  const project = projectOf(store.system, stack);
  const next = planWith(stack, store, wanted);
  const workload = next.workloads.find((one) => one.name === store.store);
  const mount = workload?.volumes.find(({ holds }) => holds?.kind === "postgres");
  const source = next.images.find((one) => one.name === workload?.image)?.source;
  if (!workload || !mount || source?.kind !== "upstream") {
    throw new Error(`internal: ${label} has no volume or image in the plan`);
  }
  const newVolume = `${project}_${volumeName(workload, mount)}`;
  const made = await documentOf(project, store.store);
  const [container] = await inspectContainers([store.container.id]);
  const family = { volume: newVolume, kind: "postgres" };
  const [volume] = volumesOf(family, container?.volumes.map((one) => one.name) ?? []);
  if (!made || volume === undefined) {
    throw usage(
      `${label}: the files that its container was made from are gone\nfix: bin/longshore up --system ${store.system}`,
    );
  }
  const held = await heldData(project, [{ volume, kind: "postgres" }], [store.container.image]);
  const from = { version: held.get(volume)?.version ?? "unknown", volume };
  requireNewer(label, from.version, wanted, held.get(newVolume), newVolume);
  await requireImage(engine, source.reference, terminal);
  await requireSpace(engine, store);
  const environment = Object.fromEntries(
    workload.env.flatMap(({ name: variable, value }) =>
      variable === "PGDATA" && typeof value === "string" ? [[variable, value]] : [],
    ),
  );
  const target: Target = { image: source.reference, path: mount.path, environment };
  const to = { version: String(wanted), volume: newVolume };
  return { stack, store, engine, project, made, from, to, target };
}

/** The plan of a system with another major version of one datastore. @throws ProblemsError if extensions forbid it */
function planWith(stack: string, { system, store }: Store, version: PostgresVersion): Plan {
  const settings = planSettings(loadSettings(stack), system);
  const datastores = { ...settings.datastores, [store]: { ...settings.datastores?.[store], version } };
  return planSystem(definitionOf(system), { ...settings, datastores });
}

function requireSettled(stack: string, { system, store }: Store): void {
  const earlier = upgradeOf(stack, system, store);
  if (earlier === undefined) {
    return;
  }
  throw usage(
    earlier.phase === "done"
      ? `${system}/${store}: expected no data from an earlier upgrade, got volume ${earlier.from.volume}; ` +
          `fix: bin/longshore upgrade ${system}/${store} --forget deletes it`
      : `${system}/${store}: an upgrade was interrupted; fix: bin/longshore recover`,
  );
}

function requireNewer(
  label: string,
  from: string,
  to: number,
  there: HeldData | undefined,
  volume: string,
): void {
  if (Number(from) === to) {
    throw usage(`${label}: has PostgreSQL ${to} data already`);
  }
  if (!(Number(from) < to)) {
    throw usage(`--to: expected a version after ${from}, which wrote the data of ${label}, got ${to}`);
  }
  if (there !== undefined && there.isIncomplete !== true) {
    throw usage(
      `${label}: expected no data in volume ${volume}, got PostgreSQL ${there.version} data; fix: docker volume rm ${volume}`,
    );
  }
}

async function requireImage({ env }: Engine, reference: string, terminal: Terminal): Promise<void> {
  if ((await run("docker", ["image", "inspect", reference], { env })).code === 0) {
    return;
  }
  terminal.note(`pulling ${reference}`);
  const { code, stderr } = await run("docker", ["pull", "--quiet", reference], {
    env,
    timeoutMs: 30 * 60_000,
  });
  if (code !== 0) {
    throw new Failure(`${reference}: cannot be pulled: ${stderr.trim().split("\n").at(-1) ?? ""}`);
  }
}

/** The copy needs as much space as the original, on the same disk. @throws Failure with both sizes */
async function requireSpace(engine: Engine, store: Store): Promise<void> {
  const words = 'du -sk "$PGDATA" | cut -f 1; df -Pk "$PGDATA" | tail -n 1 | tr -s " " | cut -d " " -f 4';
  const { code, stdout } = await runIn(engine, store.container.id, ["sh", "-c", words]);
  const [used = 0, free = Infinity] = stdout.trim().split("\n").map(Number);
  if (code === 0 && used > free) {
    throw new Failure(
      `${nameOf(store)}: expected ${Math.ceil(used / 1024)} MiB of free disk space for the copy, got ${Math.floor(free / 1024)} MiB; nothing was changed`,
    );
  }
}

function recordOf({ stack, store, from, to }: Prepared): UpgradeRecord {
  const { system, container } = store;
  const since = new Date().toISOString();
  return {
    ...{ stack, system, store: store.store, from, to, image: container.image, since },
    phase: "copying",
    copies: true,
  };
}

/** Copies from the running server, without a stop, and removes the copy. */
async function rehearsed(prepared: Prepared, progress: Progress): Promise<Copied> {
  const { store, engine, project, made, target } = prepared;
  const copy = new Copy(engine, copyProject(project), made.folder);
  const interrupts = catchInterrupts();
  const record = recordOf(prepared);
  // So that `recover` finds the copy of a killed rehearsal.
  writeUpgrade(record);
  try {
    await copy.remove();
    progress.now(`${nameOf(store)}: copying to PostgreSQL ${prepared.to.version}`);
    await copy.create(copyDocument(made.document, store.store, { container: store.container.id }, target));
    await copy.start("target");
    const copied = await copyData(prepared, copy, store.container.id, interrupts.signal, false);
    if (copied === undefined) {
      throw new Failure("interrupted; the copy is removed, and the system was not touched", EXIT.interrupted);
    }
    return copied;
  } finally {
    progress.now(`${nameOf(store)}: removing the copy`);
    await copy.remove();
    removeUpgrade(record);
    interrupts.release();
  }
}

/** Stops the server, copies its data, switches and deploys. Until the switch, a failure starts the old server again. */
async function upgraded(prepared: Prepared, progress: Progress): Promise<Copied> {
  const { store, engine, project, made, from, to, target } = prepared;
  const label = nameOf(store);
  const record = recordOf(prepared);
  const copy = new Copy(engine, copyProject(project), made.folder);
  const interrupts = catchInterrupts();
  let copied: Copied | undefined;
  try {
    await copy.remove();
    await removeVolume(engine, to.volume);
    writeUpgrade(record);
    await createVolume(engine, project, to.volume);
    progress.now(`${label}: stopping`);
    await stopContainers(await inspectContainers([store.container.id]));
    const source = { volume: from.volume };
    await copy.create(copyDocument(made.document, store.store, source, { ...target, volume: to.volume }));
    // After the creation of the container, which gives the empty volume the owner of the image's folder.
    const incomplete = { kind: "postgres", version: to.version, isIncomplete: true };
    await writeRecord(to.volume, incomplete, store.container.image);
    const id = await copy.start("source");
    const newServer = await copy.start("target");
    progress.now(`${label}: copying to PostgreSQL ${to.version}`);
    copied = await copyData(prepared, copy, id, interrupts.signal, true);
    if (copied !== undefined && !interrupts.signal.aborted) {
      await copy.stop(newServer);
      await copy.remove();
      writeUpgrade({ ...record, phase: "switching" });
      await commit(record);
    } else {
      throw new Failure(`interrupted; ${label} has its data from before`, EXIT.interrupted);
    }
  } catch (error) {
    progress.now(`${label}: starting it on its data from before`);
    await copy.remove();
    if (!(await isCommitted({ ...record, phase: "switching" }))) {
      await rollBack(record, engine);
    }
    throw error;
  } finally {
    interrupts.release();
  }
  await switchOver(record, engine, store.container.id, progress);
  return copied;
}

/** Deploys the version whose data is current. A failure leaves a state that `up` continues. */
export async function switchOver(
  record: UpgradeRecord,
  engine: Engine,
  container: string,
  progress: Progress,
): Promise<void> {
  const { stack, system, store } = record;
  await finishSwitch(record, progress);
  // Nothing may start the old container again. The deployment creates one of the new version.
  await stopContainers(await inspectContainers([container]));
  await docker(engine, ["rm", "--volumes", container], { detached: true });
  progress.now(`${system}/${store}: deploying ${system}`);
  try {
    await deploySystem(stack, system);
  } catch (error) {
    const { message } = error as Error;
    throw new Failure(
      `${message}\n${system}/${store} has switched to version ${record.to.version}, and its deployment failed\n` +
        `fix: bin/longshore up --system ${system}, or roll back: bin/longshore upgrade ${system}/${store} --back`,
    );
  }
}

/** Creates the volume with the labels of Compose, which would not use a volume of unknown origin silently. */
async function createVolume(engine: Engine, project: string, name: string): Promise<void> {
  const labels = {
    "com.docker.compose.project": project,
    "com.docker.compose.volume": name.slice(project.length + 1),
  };
  const args = Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
  await docker(engine, ["volume", "create", ...args, name], { detached: true });
}

/** Runs the copy beside the old server. @returns undefined if interrupted */
async function copyData(
  { engine, store }: Prepared,
  copy: Copy,
  source: string,
  signal: AbortSignal,
  isExact: boolean,
): Promise<Copied | undefined> {
  const job = { ...store.job, scripts: { ...store.job.scripts, restore: POSTGRES_UPGRADE } };
  const beside = { ...store, job, container: { ...store.container, id: source } };
  const env = { TARGET_PORT: String(UPGRADE_PORT), ...(isExact && { EXACT: "yes" }) };
  try {
    const result = await runJob(engine, beside, { purpose: "restore", signal, env });
    return result && readCopied(result.text);
  } catch (error) {
    const { message } = error as Error;
    const log = /did not become ready/.test(message) ? `\n${await copy.log()}` : "";
    throw new Failure(message.replace(": restore failed", ": the copy failed") + log);
  }
}

export function readCopied(text: string): Copied {
  const count = (what: string) => Number(new RegExp(`^${what} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  const notes = [...text.matchAll(/^note: (.*)$/gm)].map(([, note = ""]) => note);
  return {
    databases: count("databases"),
    roles: count("roles"),
    tables: count("tables"),
    rows: count("rows"),
    notes,
  };
}
