import type { PlannedSecret } from "../../catalog/plan";
import { readUnfinished } from "../../providers/compose/unfinished";
import type { StackSettings } from "../../settings";
import { composeProjectName } from "../../tools/compose-project-name";
import { usage } from "../support/failure";
import { startProgress } from "../support/progress";
import type { Terminal } from "../support/terminal";
import { changeConfig, type ConfigDraft } from "../config/draft";
import { explain, openConfig, type OpenConfig } from "../engine/open-config";
import { requireNotLost } from "./lost";

/** Reads the config of a stack with the engine. @throws Failure with a readable message */
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

/** Missing secrets, determined under the stack's lock. */
export interface MissingSecrets {
  readonly missing: readonly (PlannedSecret & { readonly system: string })[];
  readonly secretsSet: StackSettings["secretsSet"];
}

/**
 * Generates the values missing from config. Reads, generates and writes under the stack's lock.
 * @returns names of the generated secrets
 * @throws ProblemsError if a value existed before and was lost
 */
export async function generateMissing(opened: OpenConfig, read: () => MissingSecrets): Promise<string[]> {
  return changeConfig(opened, async (draft) => {
    const { missing, secretsSet } = read();
    if (missing.length > 0) {
      await requireNotLost(opened, missing, secretsSet);
      await setGenerated(draft, missing);
    }
    return missing.map(({ system, name }) => `${system}.${name}`);
  });
}

/** Generates values and adds them to the config. */
export async function setGenerated(
  draft: ConfigDraft,
  missing: readonly (PlannedSecret & { readonly system: string })[],
): Promise<void> {
  const { generateValues } = await import("./generate.js");
  for (const { configPath, value } of await generateValues(missing)) {
    await draft.setSecret(configPath, value);
  }
  const noted = new Map<string, Noted>();
  for (const { system, secret, value, generation } of missing) {
    const rotation = value.kind === "tls" ? value.pair : secret;
    const id = `${system}.${rotation}`;
    // The last of a set of signing keys is not yet in use.
    const number = Math.min(generation, noted.get(id)?.number ?? generation);
    noted.set(id, { system, rotation, ...(value.kind !== "keys" && { number }) });
  }
  await noteGenerations(draft, [...noted.values()]);
}

/** Which value of a secret is in use. */
export interface Noted {
  readonly system: string;
  readonly rotation: string;
  /** @default - unchanged */
  readonly number?: number;
  /** Keys up to this number are rejected. @default - unchanged */
  readonly retired?: number;
}

/** Records in config which generations are in use, and since when. */
export async function noteGenerations(draft: ConfigDraft, noted: readonly Noted[]): Promise<void> {
  const written = draft.values()["generations"] as
    Record<string, Record<string, Written> | undefined> | undefined;
  const pairs: (readonly [string, string])[] = [];
  for (const { system, rotation, number, retired } of noted) {
    const path = `longshore:generations.${system}.${rotation}`;
    const before = written?.[system]?.[rotation];
    const known = typeof before === "number" ? { number: before } : (before ?? {});
    if (typeof before === "number") {
      // A plain number has no room for more fields.
      await draft.remove(path);
    }
    const values = {
      number: number ?? known.number ?? 1,
      since: retired === undefined || known.since === undefined ? today() : known.since,
      ...((retired ?? known.retired) !== undefined && { retired: retired ?? known.retired }),
    };
    pairs.push(...Object.entries(values).map(([key, value]) => [`${path}.${key}`, String(value)] as const));
  }
  await draft.setPlain(pairs);
}

type Written = number | { readonly number?: number; readonly since?: string; readonly retired?: number };

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/**
 * Checks that the previous rotation is deployed. A second rotation would delete the value that clients still use after
 * a failed rollout.
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
