import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { repoRoot } from "../../tools/paths";

export interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>> & { readonly path?: string };
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly concurrency?: unknown;
  readonly "timeout-minutes"?: number;
}

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Action {
  readonly runs: { readonly steps: readonly Step[] };
}

export interface Read<T> {
  /** Name of the file, or of an action's folder. */
  readonly file: string;
  readonly text: string;
  readonly content: T;
}

export function readWorkflows(): Read<Workflow>[] {
  const folder = join(repoRoot(), ".github", "workflows");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yml"))
    .sort()
    .map((file) => read<Workflow>(file, join(folder, file)));
}

export function readActions(): Read<Action>[] {
  const folder = join(repoRoot(), ".github", "actions");
  return readdirSync(folder)
    .sort()
    .map((name) => read<Action>(name, join(folder, name, "action.yml")));
}

export function stepsOf(content: Workflow | Action): Step[] {
  return "jobs" in content
    ? Object.values(content.jobs).flatMap(({ steps = [] }) => steps)
    : [...content.runs.steps];
}

function read<T>(file: string, path: string): Read<T> {
  const text = readFileSync(path, "utf8");
  return { file, text, content: load(text) as T };
}
