import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ARCHIVE_HEALTH, archivedBy } from "../../catalog/plan/postgres-archive";
import { WINDOWS_SCRIPT } from "../../catalog/plan/postgres-archive-scripts";
import { docker, runIn, type Container, type Engine } from "../compose/docker";
import { Failure, usage } from "../support/failure";
import { formatAge } from "../support/terminal";
import { archive } from "./archive";
import { encrypt } from "./encryption";
import { nameOf, runJob, type Store } from "./job";

/** Folder of recovered states below the folder of a datastore's dumps. They are never taken for its newest dump. */
const FOLDER = "point-in-time";
const EXPECTED = "expected a moment with its time zone, such as 2026-11-30T17:05:00Z";

/** A state that was recovered from the archive: a dump that only this process can decrypt. */
export interface RecoveredState {
  readonly folder: string;
  readonly file: string;
  readonly identity: string;
}

/** Parses a moment in ISO 8601. @returns it in UTC with milliseconds @throws Failure if it has no time zone */
export function parseMoment(text: string, now = new Date()): string {
  const match = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const day = match?.[1] ?? "";
  const moment = new Date(match ? text : Number.NaN);
  // JavaScript reads 30 February as 2 March.
  const isDay = match !== null && new Date(`${day}T00:00:00Z`).getUTCDate() === Number(day.slice(8));
  if (!isDay || Number.isNaN(moment.getTime())) {
    throw usage(`--to: ${EXPECTED}, got ${text}\nfix: a folder of dumps is named with --from`);
  }
  if (moment > now) {
    throw usage(`--to: expected a moment in the past, got ${text}; it is ${now.toISOString()}`);
  }
  return moment.toISOString();
}

/** Finds the container that archives a datastore. @throws Failure if its WAL is not archived */
export function archiveOf(store: Store, containers: readonly Container[]): Container {
  const { job, system } = store;
  const label = nameOf(store);
  if (job.pointInTime === undefined) {
    throw usage(
      job.kind === "postgres"
        ? `--to: ${label} has no archive in this stack\n` +
            "fix: set longshore:backups.pointInTime.enabled to true and run up; only later moments can be restored"
        : `--to: expected a PostgreSQL datastore, got ${label} (${job.kind})\nfix: restore a dump`,
    );
  }
  const service = job.pointInTime.archive;
  const container = containers.find((one) => one.system === system && one.service === service);
  if (!container) {
    throw usage(`${system}/${service}: does not exist\nfix: bin/longshore up --system ${system}`);
  }
  return container;
}

/**
 * Recovers the state at a moment in a temporary server without a network, and dumps it into a file. The datastore is
 * not touched.
 * @returns undefined if interrupted
 * @throws Failure if the archive does not hold everything until that moment
 */
export async function recoverState(
  engine: Engine,
  store: Store,
  {
    moment,
    archived,
    dumps,
    signal,
  }: { moment: string; archived: Container; dumps: string; signal: AbortSignal },
): Promise<RecoveredState | undefined> {
  const { pointInTime, name, scripts } = store.job;
  if (!pointInTime) {
    throw new Error(`internal: ${nameOf(store)} has no archive`);
  }
  const { generateIdentity, identityToRecipient } = await import("age-encryption");
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const folder = join(dumps, FOLDER);
  // The remainder of a killed restore.
  await discardState({ folder });
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new Failure(`${folder}: cannot be created: ${(error as Error).message}`);
  });
  const volume = await volumeOf(engine, archived, pointInTime.mounted);
  let isComplete = false;
  try {
    const { file } = await archive(
      folder,
      { name, extension: scripts.extension, encrypted: true },
      async (sink) => {
        const result = await runJob(engine, store, {
          purpose: "dump",
          signal,
          isolated: {
            script: pointInTime.script,
            env: { ...pointInTime.env, TARGET_TIME: moment },
            volumes: [{ name: volume, path: pointInTime.mount }],
          },
          output: async (bytes) => sink(await encrypt(bytes, [recipient])),
        });
        if (!result) {
          throw new Interrupted();
        }
      },
    );
    isComplete = true;
    return { folder, file, identity };
  } catch (error) {
    if (error instanceof Interrupted) {
      return undefined;
    }
    throw error;
  } finally {
    if (!isComplete) {
      await discardState({ folder });
    }
  }
}

class Interrupted extends Error {}

export async function discardState({ folder }: Pick<RecoveredState, "folder">): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function volumeOf(engine: Engine, { id, service }: Container, path: string): Promise<string> {
  const format = `{{range .Mounts}}{{if eq .Destination "${path}"}}{{.Name}}{{end}}{{end}}`;
  const name = (await docker(engine, ["inspect", "--format", format, id])).trim();
  if (name === "") {
    throw new Failure(`${service}: expected a volume at ${path}, got none\nfix: bin/longshore up`);
  }
  return name;
}

/** Moments that can be restored without a gap: any from the first to the last. */
export interface Window {
  readonly from: string;
  readonly until: string;
}

/** Reads what an archive can restore. Empty if it does not run or has no base backup yet. */
async function windowsOf(engine: Engine, archived: Container): Promise<Window[]> {
  if (archived.state !== "running") {
    return [];
  }
  const { code, stdout } = await runIn(engine, archived.id, ["sh", "-c", WINDOWS_SCRIPT]);
  return code === 0 ? parseWindows(stdout) : [];
}

/** What the archive of one datastore can restore. */
export interface ArchiveState {
  readonly system: string;
  readonly store: string;
  readonly windows: readonly Window[];
}

/** What the archives of running systems can restore. */
export async function archivesOf(engine: Engine, containers: readonly Container[]): Promise<ArchiveState[]> {
  const archives = containers.filter(({ check }) => check?.at(-1) === ARCHIVE_HEALTH);
  return Promise.all(
    archives.map(async (one) => ({
      system: one.system,
      store: archivedBy(one.service),
      windows: await windowsOf(engine, one),
    })),
  );
}

/** Says what can be restored, one line per unbroken sequence. */
export function archiveLines(archives: readonly ArchiveState[]): string[] {
  return archives.flatMap(({ system, store, windows }) =>
    windows.length === 0
      ? [`${system}/${store}: no moment can be restored from its archive yet`]
      : windows.map(
          ({ from, until }) =>
            `${system}/${store}: any moment from ${from} to ${until} (${formatAge(until)} ago) can be restored`,
        ),
  );
}

export function parseWindows(text: string): Window[] {
  return [...text.matchAll(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ) (\S+)$/gm)].map(
    ([, year, month, hour, minute, second, until = ""]) => ({
      from: `${year}-${month}-${hour}:${minute}:${second}`,
      until,
    }),
  );
}
