import { nearest } from "../../catalog/check/nearest";
import type { Plan } from "../../catalog/plan";
import { machineStack } from "../../settings/machine-stacks";
import { unfinishedRestores } from "../backup/unfinished";
import { deleteVolumes, docker, projectOf } from "../compose/docker";
import { leftoverReleases, removeReleases } from "../compose/leftovers";
import type { DownOptions } from "../commands/down";
import type { PreviewOptions } from "../commands/preview";
import { EXIT, Failure, usage } from "../support/failure";
import { choose, loadSettings, loadSettingsLeniently, warnOfLeftOver } from "../support/plans";
import { startProgress, type Progress } from "../support/progress";
import { confirm, openTerminal, type Terminal } from "../support/terminal";
import { environmentWith } from "../support/tools";
import type { UpOptions } from "../commands/up";
import { toolAddresses } from "./addresses";
import type * as Deploying from "./deploy";
import { isWorthALine } from "./describe";
import { deployedSystems, systemsIn, type State } from "./state";
import { recoverFromCrash, openStack, type OpenOptions, type OpenStack } from "./stack";

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
  await withStack({ stack, system, profiles }, terminal, async (found, progress, { deploy, conclude }) => {
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
      await (await import("./rollback.js")).recordVersions(opened);
      await removeLeftovers(opened);
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
  });
}

/** Finishes interrupted restores. Every deployment calls it; usually there are none. */
async function finishRestores(stack: string, terminal: Terminal, progress: Progress): Promise<void> {
  if ((await unfinishedRestores(stack)).length > 0) {
    await (await import("../backup/recovery.js")).finishRestores(stack, terminal, progress);
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

/** Variables that tell the Compose provider which jobs to rerun. @throws Failure if a name is not a job */
export function rerunEnvironment(rerun: readonly string[], plans: readonly Plan[]): Record<string, string> {
  const jobs = plans.flatMap(({ workloads }) => workloads.filter(({ kind }) => kind === "job"));
  const known = [...new Set(jobs.map(({ name }) => name))].sort();
  const unknown = rerun.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const close = nearest(unknown, known);
    throw usage(
      `there is no job ${unknown}; ${close ? `did you mean ${close}?` : `jobs: ${known.join(", ")}`}`,
    );
  }
  return rerun.length > 0 ? { LONGSHORE_RERUN_JOBS: rerun.join(",") } : {};
}

/** Runs `longshore preview`. */
export async function preview(options: PreviewOptions): Promise<void> {
  if (options.offline) {
    const { previewOffline } = await import("./offline.js");
    return previewOffline(options);
  }
  const { stack, system, refresh = false, expectNoChanges = false, json = false } = options;
  const terminal = openTerminal({ json });
  await withStack({ stack, system }, terminal, async (opened, progress, { deploy, conclude }) => {
    const result = await deploy("preview", opened, terminal, progress, { system, refresh });
    conclude("preview", opened, result, terminal);
    if (expectNoChanges && result.deployment.changed().some(isWorthALine)) {
      throw new Failure(`stack ${stack} would change, and no changes were expected`, EXIT.failed);
    }
  });
}

/** Runs `longshore down`. */
export async function down({
  stack,
  system,
  yes = false,
  volumes = false,
  json = false,
}: DownOptions): Promise<void> {
  const { settings, leftOver } = loadSettingsLeniently(stack);
  if (settings.lifecycle === "retain") {
    throw usage(
      `stack ${stack} is protected (lifecycle: retain); to destroy it, set longshore:lifecycle to ephemeral and run up first`,
    );
  }
  if (volumes && settings.target !== "compose") {
    throw usage(`--volumes is about data on this machine, and stack ${stack} runs elsewhere`);
  }
  const terminal = openTerminal({ json });
  warnOfLeftOver(leftOver, stack, terminal);
  await withStack(
    { stack, system, program: false },
    terminal,
    async (opened, progress, { deploy, conclude }) => {
      const systems = choose(stack, await removable(opened, system), system);
      if (!yes) {
        const what = system.length > 0 ? system.join(", ") : "everything";
        const data = volumes ? ", and delete its data" : " (its data is kept)";
        progress.stop();
        await confirm(terminal, `Remove ${what} of stack ${stack}${data}?`);
      }
      // The provider must not announce kept volumes that are deleted next.
      const env = { ...opened.env, ...(volumes && { LONGSHORE_DELETES_VOLUMES: "1" }) };
      const result = await deploy("destroy", { ...opened, env }, terminal, progress, { system });
      if (volumes && result.status === "ok") {
        const engine = { env: environmentWith(opened.env) };
        const names = await deleteVolumes(engine, systems, stack);
        progress.line(
          names.length > 0 ? `  deleted the data: ${names.join(", ")}` : "  there was no data to delete",
        );
      }
      conclude("destroy", opened, result, terminal);
    },
  );
}

/** Systems that can be taken down: those in the settings and those deployed earlier. */
async function removable(opened: OpenStack, asked: readonly string[]): Promise<readonly string[]> {
  const { settings, stack, command, workDir, env } = opened;
  const isKnown = asked.length > 0 && asked.every((name) => settings.systems.includes(name));
  const deployed = deployedSystems(stack, env["PULUMI_BACKEND_URL"]);
  if (deployed || isKnown) {
    return [...new Set([...settings.systems, ...(deployed ?? [])])].sort();
  }
  const { stdout } = await command.run(["stack", "export", "--stack", stack], { cwd: workDir, env });
  const { deployment } = JSON.parse(stdout) as { deployment?: State };
  return [...new Set([...settings.systems, ...systemsIn(deployment ?? {})])].sort();
}

/** Opens the stack, recovers from a killed run and always removes the spinner. */
export async function withStack(
  { stack, ...options }: OpenOptions & { stack: string },
  terminal: Terminal,
  work: (opened: OpenStack, progress: Progress, engine: typeof Deploying) => Promise<void>,
): Promise<void> {
  const progress = await startProgress(terminal);
  try {
    progress.now("looking at the stack");
    // The SDK takes a moment to load; the tools are examined in other processes meanwhile.
    const [opened, engine] = await Promise.all([openStack(stack, progress, options), loadEngine()]);
    await recoverFromCrash(opened, progress);
    await work(opened, progress, engine);
  } finally {
    progress.stop();
  }
}

async function loadEngine(): Promise<typeof Deploying> {
  const engine = await import("./deploy.js");
  await engine.loadProgram();
  return engine;
}
