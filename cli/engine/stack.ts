import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { profilesOf } from "../../catalog/plan/presence";
import type { Plan } from "../../catalog/plan";
import { MONITORING } from "../../catalog/plan/monitoring";
import { bindDaemon } from "../compose/daemon";
import { publishedImages } from "../images/published";
import { requireSecrets, takingPart, type Asked } from "../../settings";
import { machineStack } from "../../settings/machine-stacks";
import { readDaemon } from "../support/daemon";
import { Failure, usage } from "../support/failure";
import { imageProblem } from "../../tools/docker";
import { ensureInstallation } from "../../tools/installation";
import { dataDir, repoRoot } from "../../tools/paths";
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
import { findTools, prepend, type ToolNeeds, type Tools } from "../support/tools";
import { EngineCommand, EngineError } from "./command";
import { ConfigCopies } from "./config-copies";
import { changeConfig } from "./config-draft";
import {
  localEnvironment,
  localFiles,
  missingGenerated,
  prepareLocalFiles,
  type LocalFiles,
} from "./local-stack";
import { hasState, pendingOperations, removeDeadLocks, requireNoEngine } from "./locks";
import { requireNoProviderChange } from "./provider-change";

/** A stack that the engine can be run on. */
export interface OpenStack extends StackPlans {
  readonly stack: string;
  readonly command: EngineCommand;
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** What this run asks for beyond the settings. */
  readonly asked: Asked;
}

/** What every run of the CLI needs to know of a stack. */
export type OpenConfig = Omit<OpenStack, keyof StackPlans | "asked">;

export interface OpenOptions {
  readonly system?: readonly string[];
  readonly program?: boolean;
  readonly profiles?: readonly string[];
}

/**
 * Makes everything ready that a run of the engine needs: tools, the local stack's private files and its
 * generated secrets. What an operator must decide (a secret's value, another stack's backend) is a problem.
 * @param system the systems that the run is about; none: all
 * @param program whether the program will run, and needs its secrets
 * @param profiles profiles whose services run too
 * @throws ProblemsError, Failure
 */
export async function openStack(
  stack: string,
  progress: Progress,
  { system = [], program = true, profiles = [] }: OpenOptions = {},
): Promise<OpenStack> {
  ensureInstallation();
  // The settings of this machine's stacks must be in place before they are read: what is not found would be generated anew.
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
    images: takingPart(all.plans, all.settings, system).flatMap(publishedImages),
  });
  const leftOut = await withoutImage(
    all.plans.filter(({ system: name }) => limit.includes(name)),
    opened,
    progress,
  );
  const asked = { profiles, leftOut };
  const planned = loadPlans(stack, [], asked);
  if (machineStack(stack)) {
    const missingOf = ({ plans, settings }: StackPlans) =>
      missingGenerated(
        plans.filter((plan) => limit.includes(plan.system)),
        settings,
      );
    if (missingOf(planned).length > 0) {
      progress.now(`generating secrets of the stack ${stack}`);
      const { generateMissing } = await import("./generations.js"); // only the first run needs it
      await generateMissing(opened, () => {
        const now = loadPlans(stack, [], asked);
        return { missing: missingOf(now), secretsSet: now.settings.secretsSet };
      });
      Object.assign(planned, loadPlans(stack, [], asked));
    }
  }
  requireSecrets(takingPart(planned.plans, planned.settings, system), planned.settings);
  return { ...opened, ...planned, asked };
}

/**
 * Asking for the monitoring system on one's own machine switches it on for all systems: in the settings, so that the
 * next run knows. Those that run get their agents when they are brought up the next time.
 */
async function switchMonitoringOn(stack: string, progress: Progress): Promise<void> {
  if (loadSettings(stack).monitored) {
    return;
  }
  const key = `longshore:${MONITORING}.enabled`;
  await changeConfig(await openConfig(stack, progress), (draft) => draft.setPlain([[key, "true"]]));
  progress.line(`${key} is set on stack ${stack}: every system that is brought up is monitored from now on`);
}

/** @throws Failure for a profile that nothing here has */
function requireProfiles(plans: readonly Plan[], profiles: readonly string[]): void {
  // Of the definitions: a plan holds only what was asked for.
  const known = new Set(plans.flatMap(({ system }) => profilesOf(definitionOf(system))));
  const unknown = profiles.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw usage(
      `--profile ${unknown}: no service here has this profile; there are ${[...known].sort().join(", ") || "none"}`,
    );
  }
}

/**
 * Services of a profile, and on this machine dispensable ones, whose image cannot be had: a tool that is missing is no
 * reason to bring nothing up, but it is said. By system.
 */
async function withoutImage(
  plans: readonly Plan[],
  { env, stack }: OpenConfig,
  progress: Progress,
): Promise<Record<string, string[]>> {
  const leftOut: Record<string, string[]> = {};
  for (const { system, workloads, images } of plans) {
    for (const { name, profile, dispensable = false, image } of workloads) {
      const source = images.find((one) => one.name === image)?.source;
      const canGo = profile !== undefined || (dispensable && machineStack(stack));
      if (canGo && source?.kind === "upstream") {
        const problem = await imageProblem({ env }, source.reference);
        if (problem !== undefined) {
          const why = profile === undefined ? "" : ` (profile ${profile})`;
          progress.line(`left out: ${system}/${name}${why}: ${problem}`);
          (leftOut[system] ??= []).push(name);
        }
      }
    }
  }
  return leftOut;
}

/** Like openStack, for commands that only read or write the stack's config. */
export async function openConfig(
  stack: string,
  progress: Progress,
  needs: ToolNeeds = {},
  { isRecovery = false }: { readonly isRecovery?: boolean } = {},
): Promise<OpenConfig> {
  if (!isRecovery) {
    requireNoProviderChange(stack);
  }
  const workDir = repoRoot();
  ensureInstallation();
  const daemon = needs.docker === true ? readDaemon(stack) : undefined;
  const tools = await openTools({ ...needs, ...(daemon && { daemon }) }, progress);
  const { command, env: toolsEnv } = tools;
  if (tools.docker) {
    await bindDaemon(stack, tools.docker);
  }
  const env: Record<string, string> = { ...toolsEnv };
  if (!machineStack(stack)) {
    return { stack, command, workDir, env };
  }
  const files = localFiles(dataDir(), workDir, stack);
  prepareLocalFiles(files);
  // A passphrase in the environment would win over this machine's own.
  delete process.env["PULUMI_CONFIG_PASSPHRASE"];
  Object.assign(env, localEnvironment(files));
  const isNew = !hasState(files.state, PROJECT, stack);
  keepCopy(files, { isRequired: isNew });
  if (isNew) {
    progress.now(`creating the stack ${stack}`);
    await command.run(["stack", "init", stack], { cwd: workDir, env }).catch((error: unknown) => {
      // Another first run came before us.
      if (!(error instanceof EngineError && /already exists/.test(error.stderr))) {
        throw error;
      }
    });
  }
  return { stack, command, workDir, env };
}

/**
 * Keeps a copy of a settings file that was changed by hand. Required before the engine creates the stack, because it then
 * writes into the file in place; otherwise a full disk must not stop commands that only read.
 */
function keepCopy({ stack, settings, folder }: LocalFiles, { isRequired }: { isRequired: boolean }): void {
  try {
    new ConfigCopies(stack, folder).keep(readFileSync(settings, "utf8"));
  } catch (error) {
    if (isRequired) {
      throw error;
    }
  }
}

/** The engine's command, and the variables that lead it to the tools. */
export async function openTools(
  needs: ToolNeeds,
  progress: Progress,
): Promise<Pick<OpenConfig, "command" | "env"> & Pick<Tools, "docker">> {
  const { pulumi, docker } = await findTools(needs, progress);
  const { PATH: dockerPath, ...dockerEnv } = docker?.env ?? {};
  return {
    command: new EngineCommand(pulumi.command, pulumi.version),
    env: {
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...dockerEnv,
      ...(dockerPath !== undefined && { PATH: prepend(dockerPath, process.env["PATH"] ?? "") }),
    },
    ...(docker && { docker }),
  };
}

/**
 * Removes what a killed engine left behind: its lock, and for stacks on this machine the mark of an operation that was
 * under way (Compose completes a half-started project by itself).
 */
export async function mendAfterKill(opened: OpenStack, progress: Progress): Promise<void> {
  const state = fileBackend(opened);
  // A preview holds no lock: it changes nothing, and what another command does is not unfinished work.
  if (state === undefined || !holdsStack(opened.stack)) {
    return;
  }
  for (const { pid, since } of removeDeadLocks(state, PROJECT, opened.stack)) {
    progress.line(`removed the lock of the Pulumi engine ${pid} (since ${since}), which has ended`);
  }
  forgetEndedEngines(opened.stack);
  requireNoEngine(state, opened.stack);
  const pending = pendingOperations(state, PROJECT, opened.stack);
  if (pending.length > 0 && opened.settings.target === "compose") {
    progress.now("clearing operations that were interrupted");
    await clearPending(opened);
    progress.line(
      `continuing after an interrupted run: ${pending.map(({ urn }) => urn.split("::").at(-1)).join(", ")}`,
    );
  }
}

/** Through the engine's own export and import: secrets stay encrypted on the way. */
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

/** Root of the file backend, when the stack has one. */
function fileBackend({ env }: OpenStack): string | undefined {
  const url = env["PULUMI_BACKEND_URL"] ?? process.env["PULUMI_BACKEND_URL"];
  return url?.startsWith("file:///") ? fileURLToPath(url) : undefined;
}

/** What the engine says, in words that tell an operator what to do. */
export function explain(error: unknown, stack: string): unknown {
  if (!(error instanceof EngineError)) {
    return error;
  }
  if (error.isStackMissing) {
    return usage(
      `stack ${stack} does not exist in this backend; create it with: ` +
        `pulumi stack init ${stack} --secrets-provider gcpkms://projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY`,
    );
  }
  if (error.isLocked) {
    return new Failure(
      `stack ${stack} is being changed by somebody else; wait, or run: pulumi cancel --stack ${stack}`,
    );
  }
  if (/PULUMI_ACCESS_TOKEN|pulumi login/.test(error.stderr)) {
    return usage(`no backend chosen for stack ${stack}; run pulumi login, or set PULUMI_BACKEND_URL`);
  }
  if (/passphrase/.test(error.stderr) && /incorrect|must be set/.test(error.stderr)) {
    return usage(`the passphrase of stack ${stack} is missing or wrong; set PULUMI_CONFIG_PASSPHRASE_FILE`);
  }
  return error;
}
