import type { Engine } from "../compose/docker";
import { publishMetrics } from "../compose/textfile";
import type { Terminal } from "../support/terminal";
import { backupAges, backupMetrics } from "./age";
import { nameOf } from "./job";
import { backupRecords } from "./record";
import { OFF, readSchedule, withStores, writeSchedule, type ScheduleRecord } from "./schedule-record";
import { storesOf } from "./stores";

const FILE = "longshore-backups.prom";

/**
 * Gives the monitoring of a stack the ages of its scheduled dumps, as a file that the node exporter reads. Does nothing
 * without a schedule. A failure must not fail the command that took the dump.
 */
export async function publishAges(engine: Engine, stack: string, terminal: Terminal): Promise<void> {
  try {
    const schedule = await readSchedule(stack);
    if (schedule === undefined) {
      return;
    }
    const current = await withCurrentStores(stack, schedule, terminal);
    const metrics = backupMetrics(backupAges(current, await backupRecords(stack)));
    await publishMetrics(engine, stack, FILE, metrics);
  } catch (error) {
    terminal.note(
      `warning: the monitoring does not show the age of backups: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Updates the datastores of a schedule, which change with the stack's systems. */
async function withCurrentStores(
  stack: string,
  schedule: ScheduleRecord,
  terminal: Terminal,
): Promise<ScheduleRecord> {
  if (schedule.calendar === OFF) {
    return schedule;
  }
  const quiet = { ...terminal, note: () => undefined };
  // If no datastore of the schedule runs, its last datastores remain.
  const found = await storesOf(stack, schedule.systems, schedule.stores, quiet).catch(() => undefined);
  if (found === undefined) {
    return schedule;
  }
  const current = withStores(schedule, found.stores.map(nameOf), new Date().toISOString());
  await writeSchedule(stack, current);
  return current;
}
