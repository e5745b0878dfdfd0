import { fileURLToPath } from "node:url";
import { profilesOf } from "../../catalog/plan/presence";
import type { Plan } from "../../catalog/plan";
import { MONITORING } from "../../catalog/plan/monitoring";
import { requireSecrets, participatingPlans, type RunOverrides } from "../../settings";
import { machineStack } from "../../settings/machine-stacks";
import { imageProblem } from "../../tools/docker";
import { ensureInstallation } from "../../tools/installation";
import { dataDir, repoRoot } from "../../tools/paths";
import { publishedImages } from "../images/published";
import { usage } from "../support/failure";
import { PROJECT } from "../support/project";
import {
  chosen,
  definitionOf,
  loadPlans,
  loadSettings,
  loadSettingsLeniently,
  type StackPlans,
} from "../support/plans";
import type { Progress } from "../support/progress";
import { forgetEndedEngines, holdsStack } from "../support/stack-lock";
import { changeConfig } from "../config/draft";
import { localFiles, missingGenerated, prepareLocalFiles } from "./local-stack";
import { pendingOperations, removeDeadLocks, removePartialFiles, requireNoEngine } from "./locks";
import { openConfig, type OpenConfig } from "./open-config";

/** A stack that is ready for the engine. */
export interface OpenStack extends StackPlans, OpenConfig {
  /** Overrides of the settings for this run. */
  readonly asked: RunOverrides;
}

export interface OpenOptions {
  readonly system?: readonly string[];
  readonly program?: boolean;
  readonly profiles?: readonly string[];
}

/**
 * Prepares a run of the engine: tools, the local stack's private files and generated secrets. Reports decisions that
 * only an operator can make, such as a secret's value or another stack's backend, as problems.
 * @param system systems of the run; empty: all
 * @param program whether the program runs and needs its secrets
 * @param profiles profiles whose services run too
 * @throws ProblemsError, Failure
 */
export async function openStack(
  stack: string,
  progress: Progress,
  { system = [], program = true, profiles = [] }: OpenOptions = {},
): Promise<OpenStack> {
  ensureInstallation();
  // The settings of a local stack must exist before they are read; otherwise existing secrets would count as missing.
  if (machineStack(stack)) {
    prepareLocalFiles(localFiles(dataDir(), repoRoot(), stack));
  }
  if (!program) {
    const { settings } = loadSettingsLeniently(stack);
    const opened = await openConfig(stack, progress, { docker: settings.target === "compose" });
    return { ...opened, settings, plans: [], asked: {} };
  }
  if (system.includes(MONITORING) && machineStack(stack)) {
    await switchMonitoringOn(stack, progress);
  }
  const all = loadPlans(stack, [], { profiles });
  requireProfiles(all.plans, profiles);
  const limit = chosen(all.settings, system);
  const opened = await openConfig(stack, progress, {
    docker: all.settings.target === "compose",
    images: participatingPlans(all.plans, all.settings, system).flatMap(publishedImages),
  });
  const skippedServices = await withoutImage(
    all.plans.filter(({ system: name }) => limit.includes(name)),
    opened,
    progress,
  );
  const asked: RunOverrides = { profiles, skippedServices };
  const planned = loadPlans(stack, [], asked);
  if (machineStack(stack)) {
    const missingOf = ({ plans, settings }: StackPlans) =>
      missingGenerated(
        plans.filter((plan) => limit.includes(plan.system)),
        settings,
      );
    if (missingOf(planned).length > 0) {
      progress.now(`generating secrets of the stack ${stack}`);
      const { generateMissing } = await import("../secrets/generations.js"); // only the first run needs it
      await generateMissing(opened, () => {
        const now = loadPlans(stack, [], asked);
        return { missing: missingOf(now), secretsSet: now.settings.secretsSet };
      });
      Object.assign(planned, loadPlans(stack, [], asked));
    }
  }
  requireSecrets(participatingPlans(planned.plans, planned.settings, system), planned.settings);
  return { ...opened, ...planned, asked };
}

/**
 * Enables monitoring for all systems of a local stack when the monitoring system is requested. Stored in the settings
 * for later runs. Running systems get their agents at the next `up`.
 */
async function switchMonitoringOn(stack: string, progress: Progress): Promise<void> {
  if (loadSettings(stack).monitored) {
    return;
  }
  const key = `longshore:${MONITORING}.enabled`;
  await changeConfig(await openConfig(stack, progress), (draft) => draft.setPlain([[key, "true"]]));
  progress.line(`${key} is set on stack ${stack}: every system that is brought up is monitored from now on`);
}

/** @throws Failure for a profile that no system has */
function requireProfiles(plans: readonly Plan[], profiles: readonly string[]): void {
  // Read from the definitions, because a plan contains only requested profiles.
  const known = new Set(plans.flatMap(({ system }) => profilesOf(definitionOf(system))));
  const unknown = profiles.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw usage(
      `--profile ${unknown}: no service here has this profile; there are ${[...known].sort().join(", ") || "none"}`,
    );
  }
}

/**
 * Profile services, and optional services of a local stack, whose image is unavailable, by system. They are skipped
 * with a warning, because a missing tool must not prevent the deployment.
 */
async function withoutImage(
  plans: readonly Plan[],
  { env, stack }: OpenConfig,
  progress: Progress,
): Promise<Record<string, string[]>> {
  const skippedServices: Record<string, string[]> = {};
  for (const { system, workloads, images } of plans) {
    for (const { name, profile, dispensable = false, image } of workloads) {
      const source = images.find((one) => one.name === image)?.source;
      const canGo = profile !== undefined || (dispensable && machineStack(stack));
      if (canGo && source?.kind === "upstream") {
        const problem = await imageProblem({ env }, source.reference);
        if (problem !== undefined) {
          const why = profile === undefined ? "" : ` (profile ${profile})`;
          progress.line(`left out: ${system}/${name}${why}: ${problem}`);
          (skippedServices[system] ??= []).push(name);
        }
      }
    }
  }
  return skippedServices;
}

/**
 * Recovers from a killed engine: removes its lock and, for local stacks, the marks of pending operations (Compose
 * completes a partly deployed project by itself).
 */
export async function recoverFromCrash(opened: OpenStack, progress: Progress): Promise<void> {
  const state = fileBackend(opened);
  // A preview holds no lock: it changes nothing, and the running operations of another command are not unfinished work.
  if (state === undefined || !holdsStack(opened.stack)) {
    return;
  }
  for (const { pid, since } of removeDeadLocks(state, PROJECT, opened.stack)) {
    progress.line(`removed the lock of the Pulumi engine ${pid} (since ${since}), which has ended`);
  }
  forgetEndedEngines(opened.stack);
  requireNoEngine(state, opened.stack);
  removePartialFiles(state, PROJECT, opened.stack);
  const pending = pendingOperations(state, PROJECT, opened.stack);
  if (pending.length > 0 && opened.settings.target === "compose") {
    progress.now("clearing operations that were interrupted");
    await clearPending(opened);
    progress.line(
      `continuing after an interrupted run: ${pending.map(({ urn }) => urn.split("::").at(-1)).join(", ")}`,
    );
  }
}

/** Clears pending operations with the engine's export and import. Secrets stay encrypted. */
export async function clearPending({ command, workDir, env, stack }: OpenConfig): Promise<void> {
  const { stdout } = await command.run(["stack", "export", "--stack", stack], { cwd: workDir, env });
  const exported = JSON.parse(stdout) as { deployment: { pending_operations?: unknown[] } };
  delete exported.deployment.pending_operations;
  await command.run(["stack", "import", "--stack", stack], {
    cwd: workDir,
    env,
    input: JSON.stringify(exported),
  });
}

/** Root of the file backend, if the stack has one. */
function fileBackend({ env }: OpenStack): string | undefined {
  const url = env["PULUMI_BACKEND_URL"] ?? process.env["PULUMI_BACKEND_URL"];
  return url?.startsWith("file:///") ? fileURLToPath(url) : undefined;
}
