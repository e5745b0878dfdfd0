import { interruptedRestores } from "../compose/backup-recovery";
import { dockerDaemon } from "./docker-daemon";
import { engineLocks } from "./engine-locks";
import { interruptedRollouts } from "./interrupted-rollouts";
import { unusedReleases } from "./leftover-releases";
import { pendingOperations } from "./pending-operations";
import { providerChange } from "./provider-change";
import { stackFile } from "./stack-file";
import { takeOvers } from "./take-over";
import type { CreateRecoverer } from "./types";

/**
 * Every kind of unfinished work that `longshore recover` knows, in the order in which it is ended: what a later kind
 * needs comes first (a state without locks, then secrets, data, deployments).
 */
export const RECOVERERS: readonly CreateRecoverer[] = [
  dockerDaemon,
  takeOvers,
  engineLocks,
  providerChange,
  stackFile,
  interruptedRestores,
  pendingOperations,
  interruptedRollouts,
  unusedReleases,
];
