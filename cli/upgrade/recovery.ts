import { nameOf } from "../backup/job";
import type { Progress } from "../support/progress";
import type { CreateRecoverer } from "../recovery/types";
import { unfinishedUpgrades } from "./record";
import { deploySystem, settle } from "./switch";

/** Recoverer for interrupted upgrades of a datastore's major version. */
export const interruptedUpgrades: CreateRecoverer = ({ stack, progress }) => ({
  find: () =>
    Promise.resolve(
      unfinishedUpgrades(stack).map((upgrade) => ({
        id: `upgrade:${nameOf(upgrade)}`,
        title: `an upgrade of ${nameOf(upgrade)} from ${upgrade.from.version} to ${upgrade.to.version} that was interrupted`,
        detail:
          `started ${upgrade.since}; the datastore may be stopped, and has its data from before in volume ${upgrade.from.volume}` +
          (upgrade.phase === "copying" ? "" : `, or has switched to volume ${upgrade.to.volume}`),
        action: `start ${nameOf(upgrade)} on its data from before and remove the copy, or complete the switch`,
        apply: async () => {
          await settle(upgrade, progress);
          await deploySystem(stack, upgrade.system);
        },
      })),
    ),
});

/** Completes or rolls back interrupted upgrades before a deployment, which uses the result. */
export async function settleUpgrades(stack: string, progress: Progress): Promise<void> {
  for (const upgrade of unfinishedUpgrades(stack)) {
    const { from, to } = upgrade;
    const isDone = await settle(upgrade, progress);
    progress.line(
      `${nameOf(upgrade)}: ${isDone ? `completed the interrupted upgrade to ${to.version}` : `rolled back the interrupted upgrade; its version is ${from.version}`}`,
    );
  }
}
