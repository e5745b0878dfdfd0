import { lstatSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "../../base/nearest";
import { exampleSettings } from "../../catalog/setting-values";
import { planSystem, type Plan } from "../../catalog/plan";
import { planOnce } from "../../catalog/plan/once";
import { ProblemsError, throwProblems } from "../../base/problems";
import type { SystemDefinition } from "../../catalog/types";
import {
  planSettings,
  readSettings,
  readSettingsLeniently,
  readStackFile,
  type RunOverrides,
  type StackSettings,
} from "../../settings";
import { checkSharedCluster } from "../../settings/shared-cluster";
import { machineStack } from "../../settings/machine-stacks";
import { missingSources } from "../../render/images/context-hash";
import { systems } from "./systems";
import { dataDir, repoRoot } from "../../tools/paths";
import type { Terminal } from "./terminal";

export interface StackPlans {
  readonly settings: StackSettings;
  /** Plans sorted by system name. */
  readonly plans: readonly Plan[];
}

/**
 * Reads a stack's settings and plans its systems. Needs neither the engine nor keys.
 * @throws ProblemsError
 */
export function loadPlans(
  stack: string,
  only: readonly string[] = [],
  asked: RunOverrides = {},
  options: LoadOptions = {},
): StackPlans {
  const settings = loadSettings(stack, options);
  return {
    settings,
    plans: chosen(settings, only).map((name) =>
      planOnce(definitionOf(name), planSettings(settings, name, asked)),
    ),
  };
}

export interface LoadOptions {
  /** Whether to accept a stack file with plain-text secrets. @default false */
  readonly allowPlainSecrets?: boolean;
}

export function loadSettings(stack: string, { allowPlainSecrets = false }: LoadOptions = {}): StackSettings {
  const raw = readStackFile(settingsFolder(stack), stack);
  return readSettings(allowPlainSecrets ? { ...raw, showsEncryption: false } : raw, systems());
}

/**
 * Reads settings for commands that inspect or take down systems. Ignores settings of systems that the catalog no
 * longer contains.
 * @throws ProblemsError for all other problems
 */
export function loadSettingsLeniently(stack: string): ReturnType<typeof readSettingsLeniently> {
  return readSettingsLeniently(readStackFile(settingsFolder(stack), stack), systems());
}

export function warnOfUnknownSystems(
  unknownSystems: readonly string[],
  stack: string,
  terminal: Terminal,
): void {
  if (unknownSystems.length > 0) {
    terminal.note(
      `warning: Pulumi.${stack}.yaml has settings of systems that are not in stacks/index.ts: ${unknownSystems.join(", ")}`,
    );
  }
}

/**
 * Folder of a stack's file: the checkout, or the data folder for local stacks. The checkout's link to the latter may
 * be missing before the first run, or may point to another data folder.
 */
export function settingsFolder(stack: string): string {
  const inCheckout = lstatSync(join(repoRoot(), `Pulumi.${stack}.yaml`), { throwIfNoEntry: false });
  return !machineStack(stack) || inCheckout?.isFile() ? repoRoot() : dataDir();
}

/** All problems of the settings and of all systems, grouped by location. */
export function findProblems(
  stack: string,
  read: () => StackSettings = () => loadSettings(stack),
): ProblemsError[] {
  const found: ProblemsError[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof ProblemsError) {
        found.push(error);
        return undefined;
      }
      throw error;
    }
  };
  const settings = attempt(read);
  if (settings) {
    attempt(() => {
      throwProblems(`Pulumi.${stack}.yaml`, checkSharedCluster(settingsFolder(stack), settings));
    });
  }
  // If the settings cannot be read, the catalog can still be checked.
  for (const [name, definition] of Object.entries(systems())) {
    attempt(() =>
      planSystem(
        definition,
        settings?.systems.includes(name) && runsOn(definition, settings.target)
          ? planSettings(settings, name)
          : { environment: "local", target: "compose", settings: exampleSettings(definition) },
      ),
    );
    attempt(() => {
      checkSources(definition);
    });
  }
  return found;
}

/** Whether the system supports the target. Other systems are checked for Compose. */
function runsOn({ targets }: SystemDefinition, target: StackSettings["target"]): boolean {
  return targets?.includes(target) ?? true;
}

/** Checks that the build contexts and Dockerfiles of images exist. @throws ProblemsError that lists missing ones */
function checkSources({ name, images }: SystemDefinition): void {
  const problems = images.flatMap(({ name: image, source }) =>
    source.kind === "build"
      ? missingSources(repoRoot(), source).map(({ path, message }) => ({
          path: `${name}.images.${image}`,
          message: `${path}: ${message}`,
        }))
      : [],
  );
  throwProblems(`stacks/${name}.ts`, problems);
}

/** Systems that a command applies to. @throws ProblemsError for a name that the stack does not run */
export function chosen(settings: StackSettings, only: readonly string[]): readonly string[] {
  return choose(settings.stack, settings.systems, only);
}

/** The requested systems, or all. @throws ProblemsError for an unknown name */
export function choose(stack: string, known: readonly string[], only: readonly string[]): readonly string[] {
  const unknown = only.filter((name) => !known.includes(name));
  throwProblems(
    `--system`,
    unknown.map((name) => {
      const close = nearest(name, known);
      return {
        path: name,
        message: `stack ${stack} runs no such system`,
        fix: close ? `did you mean ${close}?` : `it runs ${known.join(", ") || "none"}`,
      };
    }),
  );
  return only.length > 0 ? [...new Set(only)].sort() : known;
}

export function definitionOf(name: string): SystemDefinition {
  const definition = systems()[name];
  if (!definition) {
    throw new Error(`internal: no system ${name}`);
  }
  return definition;
}
