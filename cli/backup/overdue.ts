import { formatAge, type Terminal } from "../support/terminal";
import { backupAges, isTooOld, type BackupAge } from "./age";
import { backupRecords, type BackupRecord } from "./record";
import { readSchedule, scheduledStacks } from "./schedule-record";

/** The newest dump of a datastore, and what its schedule requires. */
export type KnownBackup = Pick<BackupAge, "system" | "store"> & Partial<BackupAge & BackupRecord>;

/** Returns the newest dumps of a stack, and scheduled datastores without one. */
export async function backupsOf(stack: string): Promise<KnownBackup[]> {
  const records = await backupRecords(stack);
  const schedule = await readSchedule(stack);
  const ages = schedule === undefined ? [] : backupAges(schedule, records);
  const isSame = (a: KnownBackup, b: KnownBackup) => a.system === b.system && a.store === b.store;
  return [
    ...records.map((record) => ({ ...record, ...ages.find((age) => isSame(age, record)) })),
    ...ages.filter((age) => !records.some((record) => isSame(age, record))),
  ];
}

/** Describes the newest dump of each datastore that has a container. */
export async function backupLines(
  stack: string,
  containers: readonly { readonly system: string; readonly service: string }[],
  { colors }: Terminal,
): Promise<string[]> {
  const known = (await backupsOf(stack)).filter(({ system, store }) =>
    containers.some((one) => one.system === system && one.service === store),
  );
  return known.map(({ system, store, at, due }) => {
    const last = at === undefined ? "no backup" : `last backup ${formatAge(at)} ago`;
    const line = `${system}/${store}: ${last}`;
    return due !== undefined && isTooOld({ due })
      ? colors.red(`${line}; by its schedule the next one was due ${formatAge(due)} ago`)
      : line;
  });
}

/** Problems of the scheduled backups of this machine: one line per overdue datastore. Undefined without a schedule. */
export async function overdueBackups(): Promise<readonly string[] | undefined> {
  const ages = await Promise.all(
    (await scheduledStacks()).map(async (stack) =>
      (await backupsOf(stack)).flatMap(({ system, store, at, due }) =>
        due === undefined ? [] : [{ stack, system, store, at, due }],
      ),
    ),
  );
  const all = ages.flat();
  return all.length === 0
    ? undefined
    : all
        .filter((age) => isTooOld(age))
        .map(
          ({ stack, system, store, at }) =>
            `${stack}: ${system}/${store} ${at === undefined ? "has no backup" : `was last backed up ${formatAge(at)} ago`}`,
        );
}
