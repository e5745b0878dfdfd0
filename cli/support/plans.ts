import { lstatSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "../../catalog/check/nearest";
import { exampleSettings } from "../../catalog/setting-values";
import { planSystem, type Plan } from "../../catalog/plan";
import { ProblemsError, throwProblems } from "../../catalog/problems";
import type { SystemDefinition } from "../../catalog/types";
import {
  planSettings,
  readSettings,
  readSettingsLeniently,
  readStackFile,
  type Asked,
  type StackSettings,
} from "../../settings";
import { checkSharedCluster } from "../../settings/shared-cluster";
import { machineStack } from "../../settings/machine-stacks";
import { missingSources } from "../../render/images/context-hash";
import { systems } from "../../stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import type { Terminal } from "./terminal";

export interface StackPlans {
  readonly settings: StackSettings;
  /** By name of the system. */
  readonly plans: readonly Plan[];
}

/**
 * Reads a stack's settings and plans its systems: pure work on documents, without the engine and without keys.
 * @throws ProblemsError
 */
export function loadPlans(
  stack: string,
  only: readonly string[] = [],
  asked: Asked = {},
  options: LoadOptions = {},
): StackPlans {
  const settings = loadSettings(stack, options);
  return {
    settings,
    plans: chosen(settings, only).map((name) =>
      planSystem(definitionOf(name), planSettings(settings, name, asked)),
    ),
  };
}

export interface LoadOptions {
  /** Reads a stack file that holds secrets in plain text. @default false */
  readonly allowPlainSecrets?: boolean;
}

export function loadSettings(stack: string, { allowPlainSecrets = false }: LoadOptions = {}): StackSettings {
  const raw = readStackFile(settingsFolder(stack), stack);
  return readSettings(allowPlainSecrets ? { ...raw, showsEncryption: false } : raw, systems);
}

/**
 * Settings for commands that look at what runs or take it away: what is left in them of systems that the catalog
 * does not have any more is passed over. @throws ProblemsError with every other mistake
 */
export function loadSettingsLeniently(stack: string): ReturnType<typeof readSettingsLeniently> {
  return readSettingsLeniently(readStackFile(settingsFolder(stack), stack), systems);
}

export function warnOfLeftOver(leftOver: readonly string[], stack: string, terminal: Terminal): void {
  if (leftOver.length > 0) {
    terminal.note(
      `warning: Pulumi.${stack}.yaml has settings of systems that are not in stacks/index.ts: ${leftOver.join(", ")}`,
    );
  }
}

/**
 * Where a stack's file is: in the checkout, and for the stacks of this machine in the data folder, to which the checkout has
 * only a link (not yet before the first run, and of another data folder after a run with that one).
 */
export function settingsFolder(stack: string): string {
  const inCheckout = lstatSync(join(repoRoot(), `Pulumi.${stack}.yaml`), { throwIfNoEntry: false });
  return !machineStack(stack) || inCheckout?.isFile() ? repoRoot() : dataDir();
}

/** Every mistake of the settings and of all systems, grouped by where it is. */
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
  // With settings that cannot be read, the catalog can still be checked by itself.
  for (const [name, definition] of Object.entries(systems)) {
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

/** A system that a stack does not run is checked as it would be on this machine. */
function runsOn({ targets }: SystemDefinition, target: StackSettings["target"]): boolean {
  return targets?.includes(target) ?? true;
}

/** Folders and Dockerfiles that images are to be built from. @throws ProblemsError for those that are not there */
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

/** The systems that a command is about. @throws ProblemsError for a name that the stack does not run */
export function chosen(settings: StackSettings, only: readonly string[]): readonly string[] {
  return choose(settings.stack, settings.systems, only);
}

/** Of these systems the ones that were asked for, or all. @throws ProblemsError for a name that is none of them */
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
  const definition = systems[name];
  if (!definition) {
    throw new Error(`internal: no system ${name}`);
  }
  return definition;
}
