import * as pulumi from "@pulumi/pulumi";
import { ProblemsError } from "../../base/problems";
import { program } from "../../index";
import { readStackFile, type StackSettings } from "../../settings";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { redact } from "../../tools/redaction";
import { unfinishedRestores } from "../backup/unfinished";
import { Failure, usage } from "../support/failure";
import { loadSettings, settingsFolder } from "../support/plans";
import type { Progress } from "../support/progress";
import { withStackLock } from "../support/stack-lock";
import { readDecrypted } from "../config/decrypted";
import { localEnvironment, localFiles } from "./local-stack";
import { requireNoProviderChange } from "../config/provider-change";
import { openStack, type OpenStack } from "./stack";
import { deployedSystems } from "./state";

/**
 * The program of `pulumi preview` and `pulumi up` that are run by hand. Prepares the stack like `longshore preview` and
 * `longshore up`. The stack's lock is held while resources change. See docs/adr/0021-pulumi-by-hand.md.
 */
export async function programByHand(): Promise<Record<string, unknown>> {
  const stack = pulumi.getStack();
  try {
    return await deploy(stack);
  } catch (error) {
    const isReadable =
      error instanceof Failure ||
      error instanceof ProblemsError ||
      (error instanceof Error && ["MissingTool", "EngineError"].includes(error.name));
    // The engine prints the message of a RunError without a stack trace.
    throw isReadable ? new pulumi.RunError(redact(error.message)) : error;
  }
}

/** Runs work under the stack's lock, and then holds it until this process ends, which is after all registrations. */
async function holding<T>(stack: string, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const held = async () => {
      resolve(await work());
      await new Promise<never>(() => undefined);
    };
    withStackLock(stack, "up", held, { command: "pulumi up", onWait: note }).catch(reject);
  });
}

async function deploy(stack: string): Promise<Record<string, unknown>> {
  requireNoProviderChange(stack);
  if (machineStack(stack)) {
    requireOwnBackend(stack);
  }
  const settings = loadSettings(stack);
  if (settings.target !== "compose") {
    return pulumi.runtime.isDryRun() ? program() : holding(stack, () => program());
  }
  // The provider of Compose projects takes the lock, also for `pulumi destroy`: see providers/compose/stack-lock.ts.
  if (!pulumi.runtime.isDryRun()) {
    await requireNoUnfinishedRestore(stack);
  }
  const { values } = readStackFile(settingsFolder(stack), stack);
  const systems = systemsByHand(settings, {
    isChosen: values["systems"] !== undefined,
    deployed: deployedSystems(stack) ?? [],
  });
  const leftOut = settings.systems.filter((name) => !systems.includes(name));
  if (leftOut.length > 0) {
    note(
      `not deployed on stack ${stack}, and left out: ${leftOut.join(", ")} ` +
        `(deploy one: bin/longshore up --stack ${stack} --system ${leftOut[0] ?? ""})`,
    );
  }
  const opened = await openStack(stack, PROGRESS, { system: systems });
  await passConfig(opened, systems);
  return program({ ...opened.asked, systems });
}

/** What is known about the systems of a stack before a run. */
export interface SystemsEvidence {
  /** Whether the stack file names the systems. */
  readonly isChosen: boolean;
  /** Systems in the state. */
  readonly deployed: readonly string[];
}

/**
 * Systems of a run by hand, which has no `--system`: those that the stack file names. A local stack whose file names
 * none keeps the systems that are deployed; after `down`, those that were deployed before; on its first run, all.
 */
export function systemsByHand(
  { stack, systems, secretsSet }: Pick<StackSettings, "stack" | "systems" | "secretsSet">,
  { isChosen, deployed }: SystemsEvidence,
): readonly string[] {
  if (isChosen || !machineStack(stack)) {
    return systems;
  }
  const current = systems.filter((name) => deployed.includes(name));
  const earlier = systems.filter((name) => (secretsSet[name] ?? []).length > 0);
  return [current, earlier].find((names) => names.length > 0) ?? systems;
}

/**
 * Requires the backend of the local stacks. A second state of the same Compose projects would overwrite what the first
 * one describes.
 * @throws Failure
 */
function requireOwnBackend(stack: string): void {
  const name = "PULUMI_BACKEND_URL";
  const expected = localEnvironment(localFiles(dataDir(), repoRoot(), stack))[name];
  const found = process.env[name];
  if (found !== expected) {
    throw usage(
      `${name}: expected ${expected ?? ""}, the backend of stack ${stack}, got ${found ?? "nothing"}; ` +
        `fix: eval "$(bin/longshore env --stack ${stack})"`,
    );
  }
}

/** @throws Failure if a datastore may hold the data of an interrupted restore, which only `longshore` completes */
async function requireNoUnfinishedRestore(stack: string): Promise<void> {
  const stores = (await unfinishedRestores(stack)).map(({ system, store }) => `${system}/${store}`);
  if (stores.length > 0) {
    throw usage(
      `${stores.join(", ")}: the restore was interrupted; fix: bin/longshore recover --stack ${stack}`,
    );
  }
}

/**
 * Passes current config to the program if secrets were generated after the engine read it: by this run, or by the
 * preview before it.
 */
async function passConfig(opened: OpenStack, systems: readonly string[]): Promise<void> {
  const config = pulumi.runtime.allConfig();
  const passed = JSON.parse(config["longshore:secrets"] ?? "{}") as Record<string, object | undefined>;
  const isCurrent = systems.every((system) =>
    (opened.settings.secretsSet[system] ?? []).every((name) => Object.hasOwn(passed[system] ?? {}, name)),
  );
  if (isCurrent) {
    return;
  }
  const { entries } = await readDecrypted(opened);
  const current = Object.entries(entries).flatMap(([key, { value }]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  const secretKeys = Object.keys(entries).filter((key) => entries[key]?.secret === true);
  pulumi.runtime.setAllConfig({ ...config, ...Object.fromEntries(current) }, secretKeys);
}

function note(text: string): void {
  void pulumi.log.info(redact(text));
}

/** Reports progress through the engine. */
const PROGRESS: Progress = {
  now: (text) => void pulumi.log.info(redact(text), undefined, undefined, true),
  line: note,
  stop: () => undefined,
};
