import type { Command } from "commander";
import { machineStack } from "../../settings/machine-stacks";
import {
  locked,
  withExamples,
  withJson,
  withProfile,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { readSchedule } from "../backup/schedule-record";
import { unfinishedRestores } from "../backup/unfinished";
import { containersOf, docker, projectOf } from "../compose/docker";
import { leftoverReleases, removeReleases } from "../compose/leftovers";
import { usage } from "../support/failure";
import { definitionOf, loadSettings } from "../support/plans";
import { startProgress, type Progress } from "../support/progress";
import { confirm, openTerminal, type Terminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import { unfinishedUpgrades } from "../upgrade/record";
import { signInHints, toolAddresses } from "../engine/addresses";
import { rerunEnvironment } from "../engine/rerun";
import type { OpenStack } from "../engine/stack";
import { withOpenStack } from "../engine/with-open-stack";

export interface UpOptions extends StackOption, SystemOption, JsonOption {
  readonly yes?: boolean;
  readonly refresh?: boolean;
  /** Jobs to rerun. */
  readonly rerun?: readonly string[];
  /** Profiles whose services run too. */
  readonly profile?: readonly string[];
  readonly rollbackOnFailure?: boolean;
}

export function register(program: Command): Command {
  const command = program
    .command("up")
    .description("create or update a stack: images, databases, migrations, services, in this order")
    .option("-y, --yes", "do not ask (a stack other than local shows a preview and asks)")
    .option("--refresh", "refresh the state first and correct drift")
    .option("--rerun <job...>", "run these jobs once more, though nothing of them has changed")
    .option(
      "--rollback-on-failure",
      "on a cluster: deploy the last commit that went well when this one does not",
    );
  withProfile(command);
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore up", "everything, on this machine"],
    ["longshore up --system todo", "one system; the others stay as they are"],
    ["longshore up --rerun migrate", "the migration again, after a manual change of the database"],
    ["longshore up --stack prod", "preview, question, deployment"],
    ["longshore up --stack prod --yes --rollback-on-failure", "in a pipeline"],
  ]);
  return command.action((options: UpOptions) => locked(options.stack, "up", () => up(options)));
}

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
  await settleUpgrades(stack, terminal);
  await withOpenStack(
    { stack, system, profiles },
    terminal,
    async (found, progress, { deploy, conclude }) => {
      const opened = { ...found, env: { ...found.env, ...rerunEnvironment(rerun, found.plans) } };
      const options = { system, refresh, rerun };
      if (opened.settings.target !== "compose") {
        await (await import("../upgrade/cluster.js")).requireSameVersions(opened);
      }
      if (!machineStack(stack) && !yes) {
        const planned = await deploy("preview", opened, terminal, progress, options);
        conclude("preview", opened, planned, terminal);
        await confirm(terminal, `Bring stack ${stack} to this state?`);
      }
      const result = await deploy("up", opened, terminal, progress, options);
      if (result.status === "ok" && opened.settings.target === "compose") {
        await finishRestores(stack, terminal, progress);
        await (await import("../engine/versions.js")).recordVersions(opened);
        await removeLeftovers(opened);
        if (result.deployment.changed().length > 0) {
          await warnOfCollations(opened, progress);
        }
        await showBackupAges(opened, terminal);
        await showCertificates(opened, terminal);
      }
      try {
        conclude("up", opened, result, terminal);
      } catch (error) {
        const wasTouched = result.status === "failed" && result.deployment.changed().length > 0;
        const { rollbackAfter } = await import("../engine/cluster-rollback.js");
        throw rollbackOnFailure && wasTouched ? await rollbackAfter(error, opened, system) : error;
      }
      if (!json && opened.settings.target === "compose") {
        const plans = opened.plans.filter((plan) => system.length === 0 || system.includes(plan.system));
        toolAddresses(plans, opened.settings).forEach(terminal.out);
        plans.flatMap((plan) => signInHints(plan, definitionOf(plan.system), stack)).forEach(terminal.out);
      }
    },
  );
}

/** Completes or rolls back interrupted upgrades, which decide the versions that are deployed. Usually there are none. */
async function settleUpgrades(stack: string, terminal: Terminal): Promise<void> {
  if (unfinishedUpgrades(stack).length > 0) {
    const progress = await startProgress(terminal);
    try {
      await (await import("../upgrade/recovery.js")).settleUpgrades(stack, progress);
    } finally {
      progress.stop();
    }
  }
}

/** Warns of databases whose collation version a new image has changed. */
async function warnOfCollations({ stack, env }: OpenStack, progress: Progress): Promise<void> {
  const engine = { env: environmentWith(env) };
  const { collationChanges, collationText } = await import("../upgrade/collation.js");
  const changes = await collationChanges(engine, await containersOf(engine, stack));
  changes.map(collationText).forEach((text) => {
    progress.line(text);
  });
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

/** Gives the monitoring the expiry of the certificates that are served now. */
async function showCertificates({ stack, env, settings }: OpenStack, terminal: Terminal): Promise<void> {
  if (settings.monitored) {
    const { publishCertificates } = await import("../compose/certificates.js");
    await publishCertificates({ env: environmentWith(env) }, stack, terminal);
  }
}

/**
 * Removes what killed commands left behind, even if this deployment changed nothing: files of releases, and containers
 * of dumps and restores.
 */
async function removeLeftovers({ plans, stack, env }: OpenStack): Promise<void> {
  const engine = { env: environmentWith(env) };
  const { removeAbandonedJobs } = await import("../backup/job.js");
  for (const { system } of plans) {
    await removeAbandonedJobs(engine, projectOf(system, stack));
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
