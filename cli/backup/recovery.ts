import { Failure } from "../support/failure";
import type { Progress } from "../support/progress";
import { openTerminal, type Terminal } from "../support/terminal";
import type { CreateRecoverer } from "../recovery/types";
import { nameOf, runJob } from "./job";
import { rerunJobs } from "./restore";
import { isOf, storesOf } from "./stores";
import { endRestore, unfinishedRestores, type UnfinishedRestore } from "./unfinished";

/** Recoverer for interrupted restores. */
export const interruptedRestores: CreateRecoverer = ({ stack, progress }) => ({
  async find() {
    return (await unfinishedRestores(stack)).map((restore) => ({
      id: `restore:${nameOf(restore)}`,
      title: `a restore of ${nameOf(restore)} that was interrupted`,
      detail: `the dump: ${restore.file || "unknown"}; the datastore has its data from before, or all of the dump`,
      action: "remove what was prepared, or complete the switch; then run the datastore's jobs again",
      apply: () => finishRestore(restore, openTerminal(), progress, true).then(() => undefined),
    }));
  },
});

/**
 * Completes or rolls back interrupted restores of running datastores. Removes data that was prepared but not switched
 * to, completes an interrupted switch, and reruns the datastore's jobs (migrations).
 */
export async function finishRestores(stack: string, terminal: Terminal, progress: Progress): Promise<void> {
  for (const restore of await unfinishedRestores(stack)) {
    if (await finishRestore(restore, terminal, progress, false)) {
      progress.line(`${nameOf(restore)}: finished the restore that was interrupted`);
    }
  }
}

/** @returns whether the restore is finished @throws Failure if the datastore must run and does not */
async function finishRestore(
  restore: UnfinishedRestore,
  terminal: Terminal,
  progress: Progress,
  required: boolean,
): Promise<boolean> {
  const { stack, system } = restore;
  const label = nameOf(restore);
  const { found, stores } = await storesOf(stack, [system], [label], terminal);
  const [known] = stores;
  // Neo4j is recovered while it is stopped; the other datastores must run.
  const container =
    known?.container ??
    (known?.job.requiresStop ? found.containers.find((one) => isOf(one, known)) : undefined);
  if (!known || !container) {
    if (required) {
      throw new Failure(
        `${label}: expected a running datastore, got none\nfix: bin/longshore up --system ${system}`,
      );
    }
    return false;
  }
  progress.now(`${label}: finishing an interrupted restore`);
  const { signal } = new AbortController();
  const store = { ...known, container };
  await runJob(found.engine, store, { purpose: "recover", signal });
  await rerunJobs(found, store, stack, progress, signal);
  await endRestore(restore);
  return true;
}
