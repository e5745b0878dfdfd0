import type { PlannedSecret } from "../../catalog/plan";
import { readUnfinished } from "../../providers/compose/unfinished";
import { readStackFile, type StackSettings } from "../../settings";
import { composeProjectName } from "../../tools/compose-project-name";
import { usage } from "../support/failure";
import { settingsFolder } from "../support/plans";
import { startProgress } from "../support/progress";
import type { Terminal } from "../support/terminal";
import { setSecret } from "./local-stack";
import { explain, openConfig, type OpenConfig } from "./stack";

/** Does something with the config of a stack. @throws Failure in a person's words */
export async function withConfig<T>(
  stack: string,
  terminal: Terminal,
  work: (opened: OpenConfig) => Promise<T>,
): Promise<T> {
  const progress = await startProgress(terminal);
  try {
    return await work(await openConfig(stack, progress));
  } catch (error) {
    throw explain(error, stack);
  } finally {
    progress.stop();
  }
}

/** Makes values, and puts them into the stack's config. */
export async function setGenerated(
  opened: OpenConfig,
  missing: readonly (PlannedSecret & { readonly system: string })[],
): Promise<void> {
  const { generateValues } = await import("./generate.js");
  for (const { configPath, value } of await generateValues(missing)) {
    await setSecret(opened.command, opened, configPath, value);
  }
  const noted = new Map<string, Noted>();
  for (const { system, secret, value, generation } of missing) {
    const rotation = value.kind === "tls" ? value.pair : secret;
    const id = `${system}.${rotation}`;
    // Of a set of keys the last is not in use yet.
    const number = Math.min(generation, noted.get(id)?.number ?? generation);
    noted.set(id, { system, rotation, ...(value.kind !== "keys" && { number }) });
  }
  await noteGenerations(opened, [...noted.values()]);
}

/** Which value of a secret is in use. */
export interface Noted {
  readonly system: string;
  readonly rotation: string;
  /** @default - as it is */
  readonly number?: number;
  /** Keys up to this number are not accepted. @default - as it is */
  readonly retired?: number;
}

/** Writes down which values are in use, and since when. The stack file is the truth. */
export async function noteGenerations(
  { command, workDir, env, stack }: OpenConfig,
  noted: readonly Noted[],
): Promise<void> {
  const at = { cwd: workDir, env };
  const { generations } = readStackFile(settingsFolder(stack), stack).values;
  const written = generations as Record<string, Record<string, Written> | undefined> | undefined;
  const pairs: string[] = [];
  for (const { system, rotation, number, retired } of noted) {
    const path = `longshore:generations.${system}.${rotation}`;
    const before = written?.[system]?.[rotation];
    const known = typeof before === "number" ? { number: before } : (before ?? {});
    if (typeof before === "number") {
      // A number has no place for more.
      await command.run(["config", "rm", "--path", "--stack", stack, path], at);
    }
    const values = {
      number: number ?? known.number ?? 1,
      since: retired === undefined || known.since === undefined ? today() : known.since,
      ...((retired ?? known.retired) !== undefined && { retired: retired ?? known.retired }),
    };
    pairs.push(
      ...Object.entries(values).flatMap(([key, value]) => ["--plaintext", `${path}.${key}=${value}`]),
    );
  }
  if (pairs.length > 0) {
    await command.run(["config", "set-all", "--path", "--stack", stack, ...pairs], at);
  }
}

type Written = number | { readonly number?: number; readonly since?: string; readonly retired?: number };

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/**
 * Rotating twice takes the second last value away, and after a rollout that failed somebody still uses that.
 * @throws Failure
 */
export function requireFinished({ target, stack }: StackSettings, system: string): void {
  const how = target === "compose" ? readUnfinished(composeProjectName(system, stack)) : undefined;
  if (how !== undefined) {
    throw usage(
      `${system}: the last deployment is ${how}, and what runs may still use the values before it; ` +
        `bring it to its end first: bin/longshore up --stack ${stack}`,
    );
  }
}
