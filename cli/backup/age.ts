import { BACKUP_DUE, BACKUP_LAST } from "../../render/monitoring/textfiles";
import type { BackupRecord } from "./record";
import type { ScheduleRecord } from "./schedule-record";

/** Age of the newest dump of a scheduled datastore. */
export interface BackupAge {
  readonly system: string;
  readonly store: string;
  /** ISO time of the newest dump. @default - there is none */
  readonly at?: string;
  /** ISO time until which the next dump must be complete. */
  readonly due: string;
}

/**
 * Time that a scheduled dump may be late: the timer waits up to one hour for another command, and the dump itself takes
 * time.
 */
const TOLERANCE_SECONDS = 3600;

/** Returns the age of the newest dump of each datastore of a schedule. */
export function backupAges(schedule: ScheduleRecord, records: readonly BackupRecord[]): BackupAge[] {
  return Object.entries(schedule.since).map(([name, since]) => {
    const [system = "", store = ""] = name.split("/");
    const at = records.find((one) => one.system === system && one.store === store)?.at;
    // A dump from before the schedule existed leaves the schedule one period for its first dump.
    const last = Math.max(Date.parse(since), at === undefined ? 0 : Date.parse(at));
    const due = new Date(last + (schedule.periodSeconds + TOLERANCE_SECONDS) * 1000).toISOString();
    return { system, store, due, ...(at !== undefined && { at }) };
  });
}

/** Returns whether a datastore has no dump as new as its schedule requires. */
export const isTooOld = ({ due }: Pick<BackupAge, "due">, now = Date.now()): boolean => Date.parse(due) < now;

/**
 * Reads the longest time between two runs from the output of `systemd-analyze calendar --iterations`, in UTC.
 * @returns seconds, or undefined if the time does not repeat
 */
export function longestPeriod(analysis: string): number | undefined {
  const times = [...analysis.matchAll(/: \w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC$/gm)].map(
    ([, day = "", time = ""]) => Date.parse(`${day}T${time}Z`) / 1000,
  );
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return gaps.length === 0 ? undefined : Math.max(...gaps);
}

/** Renders the ages as metrics in Prometheus' text format. */
export function backupMetrics(ages: readonly BackupAge[]): string {
  const family = (name: string, help: string, timeOf: (age: BackupAge) => string | undefined) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...ages.flatMap((age) => {
      const time = timeOf(age);
      const labels = `{system="${age.system}",service="${age.store}"}`;
      return time === undefined ? [] : [`${name}${labels} ${Math.floor(Date.parse(time) / 1000)}`];
    }),
  ];
  return [
    ...family(BACKUP_LAST, "Time of the newest complete dump.", ({ at }) => at),
    ...family(BACKUP_DUE, "Time until which the next dump must be complete.", ({ due }) => due),
    "",
  ].join("\n");
}
