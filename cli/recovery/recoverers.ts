import { interruptedRestores } from "../backup/recovery";
import { dockerDaemon } from "./docker-daemon";
import { engineLocks } from "./engine-locks";
import { interruptedRollouts } from "./interrupted-rollouts";
import { abandonedBackupJobs, unusedReleases } from "./leftover-releases";
import { pendingOperations } from "./pending-operations";
import { providerChange } from "./provider-change";
import { stackFile } from "./stack-file";
import { takeOvers } from "./take-over";
import { interruptedUpgrades } from "../upgrade/recovery";
import type { CreateRecoverer } from "./types";

/**
 * All recoverers of `longshore recover`, in the order of execution. A recoverer comes after those it depends on: first
 * state locks, then secrets, data and deployments.
 */
export const RECOVERERS: readonly CreateRecoverer[] = [
  dockerDaemon,
  takeOvers,
  engineLocks,
  providerChange,
  stackFile,
  abandonedBackupJobs,
  interruptedRestores,
  interruptedUpgrades,
  pendingOperations,
  interruptedRollouts,
  unusedReleases,
];
