import { machineStack } from "../../settings/machine-stacks";
import { readSchedule } from "../backup/schedule-record";
import { unfinishedRestores } from "../backup/unfinished";
import { docker, projectOf } from "../compose/docker";
import { leftoverReleases, removeReleases } from "../compose/leftovers";
import { usage } from "../support/failure";
import { loadSettings } from "../support/plans";
import type { Progress } from "../support/progress";
import { confirm, openTerminal, type Terminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import type { UpOptions } from "../commands/up";
import { toolAddresses } from "./addresses";
import { rerunEnvironment } from "./rerun";
import type { OpenStack } from "./stack";
import { withOpenStack } from "./with-open-stack";

/** Runs `longshore up`. */
export async function up({
  stack,
  system,
  yes = false,
  refresh = false,
  rerun = [],
  profile: profiles = [],
  rollbackOnFailure = false,
  json = false,
}: UpOptions): Promise<void> {
  if (rollbackOnFailure) {
    requireCluster(stack, json);
  }
  const terminal = openTerminal({ json });
  await withOpenStack(
    { stack, system, profiles },
    terminal,
    async (found, progress, { deploy, conclude }) => {
      const opened = { ...found, env: { ...found.env, ...rerunEnvironment(rerun, found.plans) } };
      const options = { system, refresh, rerun };
      if (!machineStack(stack) && !yes) {
        const planned = await deploy("preview", opened, terminal, progress, options);
        conclude("preview", opened, planned, terminal);
        await confirm(terminal, `Bring stack ${stack} to this state?`);
      }
      const result = await deploy("up", opened, terminal, progress, options);
      if (result.status === "ok" && opened.settings.target === "compose") {
        await finishRestores(stack, terminal, progress);
        await (await import("./versions.js")).recordVersions(opened);
        await removeLeftovers(opened);
        await showBackupAges(opened, terminal);
      }
      try {
        conclude("up", opened, result, terminal);
      } catch (error) {
        const wasTouched = result.status === "failed" && result.deployment.changed().length > 0;
        const { rollbackAfter } = await import("./cluster-rollback.js");
        throw rollbackOnFailure && wasTouched ? await rollbackAfter(error, opened, system) : error;
      }
      if (!json && opened.settings.target === "compose") {
        const plans = opened.plans.filter((plan) => system.length === 0 || system.includes(plan.system));
        toolAddresses(plans, opened.settings).forEach(terminal.out);
      }
    },
  );
}

/** Finishes interrupted restores. Every deployment calls it; usually there are none. */
async function finishRestores(stack: string, terminal: Terminal, progress: Progress): Promise<void> {
  if ((await unfinishedRestores(stack)).length > 0) {
    await (await import("../backup/recovery.js")).finishRestores(stack, terminal, progress);
  }
}

/** Gives a monitoring that has just been created the ages of scheduled backups. Usually there is no schedule. */
async function showBackupAges({ stack, env }: OpenStack, terminal: Terminal): Promise<void> {
  if ((await readSchedule(stack)) !== undefined) {
    const { publishAges } = await import("../backup/publish.js");
    await publishAges({ env: environmentWith(env) }, stack, terminal);
  }
}

/** Deletes the files of releases that a killed deployment left behind, even if this deployment changed nothing. */
async function removeLeftovers({ plans, stack, env }: OpenStack): Promise<void> {
  const engine = { env: environmentWith(env) };
  for (const { system } of plans) {
    removeReleases(await leftoverReleases(projectOf(system, stack), (args) => docker(engine, args)));
  }
}

/**
 * Checks that `--rollback-on-failure` applies.
 * @throws Failure on a target without cluster rollback, or with `--json`
 */
function requireCluster(stack: string, json: boolean): void {
  if (loadSettings(stack).target === "compose") {
    throw usage(
      `--rollback-on-failure is for clusters: on this machine a service that fails keeps its version, and \`longshore rollback --stack ${stack}\` goes back`,
    );
  }
  if (json) {
    throw usage(
      "--rollback-on-failure makes two deployments, and --json prints one document; leave one of them out",
    );
  }
}
