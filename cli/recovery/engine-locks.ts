import { fileURLToPath } from "node:url";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { localFiles } from "../engine/local-stack";
import { judgeLocks, removeDeadLocks } from "../engine/locks";
import { PROJECT } from "../support/project";
import type { CreateRecoverer, Finding } from "./types";

/** Recoverer for locks in a file backend whose engine has ended. */
export const engineLocks: CreateRecoverer = ({ stack }) => ({
  find() {
    const state = stateFolder(stack);
    const dead = state === undefined ? [] : judgeLocks(state, PROJECT, stack).dead;
    return Promise.resolve(
      dead.map((lock): Finding => ({
        id: `engine-lock:${lock.pid}`,
        title: `the engine's lock of process ${lock.pid}, which has ended`,
        detail: `${lock.file}, taken by ${lock.username} on ${lock.hostname} at ${lock.since}`,
        action: "remove the lock",
        apply: () => {
          removeDeadLocks(state ?? "", PROJECT, stack);
          return Promise.resolve();
        },
      })),
    );
  },
});

/** Root of the stack's file backend. Undefined if the stack has another backend. */
export function stateFolder(stack: string): string | undefined {
  if (machineStack(stack)) {
    return localFiles(dataDir(), repoRoot(), stack).state;
  }
  const url = process.env["PULUMI_BACKEND_URL"];
  return url?.startsWith("file:///") ? fileURLToPath(url) : undefined;
}
