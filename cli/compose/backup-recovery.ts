import { Failure } from "../support/failure";
import type { Progress } from "../support/progress";
import { openTerminal, type Terminal } from "../support/terminal";
import type { CreateRecoverer } from "../recovery/types";
import { nameOf, runJob } from "./backup-job";
import { rerunJobs } from "./backup-restore";
import { isOf, storesOf } from "./backup-stores";
import { endRestore, unfinishedRestores, type UnfinishedRestore } from "./backup-unfinished";

/** Restores that were interrupted. */
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
 * Completes or rolls back restores that were interrupted, as far as their datastores run: what was prepared and not
 * switched is removed, what was being switched is switched, and the datastore's jobs (migrations) run again.
 */
export async function finishRestores(stack: string, terminal: Terminal, progress: Progress): Promise<void> {
  for (const restore of await unfinishedRestores(stack)) {
    if (await finishRestore(restore, terminal, progress, false)) {
      progress.line(`${nameOf(restore)}: finished the restore that was interrupted`);
    }
  }
}

/** @returns whether it is finished @throws Failure when a datastore does not run, and must */
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
  // Neo4j is recovered while it is stopped; the others answer only while they run.
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
