import { pendingOperations as operationsOf } from "../engine/locks";
import { clearPending } from "../engine/stack";
import { loadSettingsLeniently } from "../support/plans";
import { PROJECT } from "../support/project";
import { stateFolder } from "./engine-locks";
import type { CreateRecoverer } from "./types";

/** Recoverer for operations that are pending in the state because the engine was killed. */
export const pendingOperations: CreateRecoverer = ({ stack, open }) => ({
  find() {
    const state = stateFolder(stack);
    const pending = state === undefined ? [] : operationsOf(state, PROJECT, stack);
    if (pending.length === 0) {
      return Promise.resolve([]);
    }
    const names = pending.map(({ urn, type }) => `${type} ${urn.split("::").at(-1) ?? urn}`);
    // Compose detects partly created resources by itself. On a cloud, the pending operation is the only record of a
    // resource that was created.
    const isCompose = loadSettingsLeniently(stack).settings.target === "compose";
    return Promise.resolve([
      {
        id: "pending-operations",
        title: `${pending.length} pending operations in the state`,
        detail: names.join(", "),
        action: isCompose
          ? "clear the marks; the next up completes the operations"
          : "refresh the state: pulumi compares it with what exists and clears the marks",
        apply: async () => {
          const opened = await open();
          if (isCompose) {
            await clearPending(opened);
            return;
          }
          const { command, workDir, env } = opened;
          const args = ["refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates"];
          await command.run(args, { cwd: workDir, env });
        },
      },
    ]);
  },
});
