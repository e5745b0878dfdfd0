import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dataDir } from "../../tools/paths";

/** Value of `--schedule` that removes the schedule. */
export const OFF = "off";

/** What the backup timer of a stack dumps, and how often. */
export interface ScheduleRecord {
  /** Schedule in systemd's OnCalendar syntax; `off` after it was removed. */
  readonly calendar: string;
  /** Longest time between two runs in seconds. */
  readonly periodSeconds: number;
  /** Datastores as given to `--schedule`. Empty: all that keep data. */
  readonly stores: readonly string[];
  readonly systems: readonly string[];
  /** ISO time since which each datastore, as `system/store`, belongs to the schedule. */
  readonly since: Readonly<Record<string, string>>;
}

const folder = (): string => join(dataDir(), "backup-schedules");

export async function writeSchedule(stack: string, record: ScheduleRecord): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  const path = join(folder(), `${stack}.json`);
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** @returns undefined if the stack never had a schedule, or its record is unreadable */
export async function readSchedule(stack: string): Promise<ScheduleRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder(), `${stack}.json`), "utf8")) as ScheduleRecord;
  } catch {
    return undefined;
  }
}

/** Stacks of this machine that have or had a schedule. */
export async function scheduledStacks(): Promise<string[]> {
  const files = await readdir(folder()).catch(() => []);
  return files.flatMap((name) => /^(.+)\.json$/.exec(name)?.[1] ?? []).sort();
}

/** Returns the record with the datastores that the schedule dumps now. Keeps the times of those that it dumped before. */
export function withStores(record: ScheduleRecord, names: readonly string[], now: string): ScheduleRecord {
  const since = Object.fromEntries(names.map((name) => [name, record.since[name] ?? now]));
  return { ...record, since };
}
