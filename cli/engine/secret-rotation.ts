import {
  generationOf,
  isObsolete,
  parseValueName,
  rotationStep,
  valueName,
  type RotationStep,
} from "../../catalog/generations";
import { planSystem, type PlannedSecret } from "../../catalog/plan";
import { rotationOf } from "../../catalog/secrets";
import { planSettings, secretUsers, type StackSettings } from "../../settings";
import type { RotateOptions, SecretOptions } from "../commands/secrets";
import { usage } from "../support/failure";
import { definitionOf, loadSettings } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { changeConfig, type ConfigDraft } from "./config-draft";
import {
  generationsInState,
  readState,
  type DeployedGenerations,
  type RecordedState,
} from "./deployed-generations";
import { noteGenerations, requireFinished, setGenerated, withConfig } from "./generations";
import { foundIn, wholePlan } from "./secrets";

interface Rotation {
  readonly key: string;
  readonly system: string;
  readonly name: string;
  readonly number: number;
  /** The values in use: one, or both parts of a pair. */
  readonly values: readonly PlannedSecret[];
}

/** Result of a rotation for one secret. */
interface Rotated {
  readonly secret: string;
  readonly generation: number;
  readonly usedBy: readonly string[];
  /** Whether a new value was generated. False: the last one is not deployed yet. */
  readonly isNew: boolean;
}

/** Runs `longshore secrets rotate`. */
export async function rotateSecrets(
  names: readonly string[],
  { stack, json = false, up = false }: RotateOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const before = loadSettings(stack);
  const systems = names.map((name) => {
    const rotation = foundIn(rotations(before), name);
    requireRotatable(rotation, before);
    return rotation.system;
  });
  const rotated = await withConfig(stack, terminal, async (opened) => {
    const state = await readState(opened);
    return changeConfig(opened, async (draft) => {
      const settings = loadSettings(stack);
      const all = rotations(settings);
      const done: Rotated[] = [];
      for (const name of new Set(names)) {
        const rotation = foundIn(all, name);
        const deployed = generationsInState(state, rotation.system);
        const isPending = stepOf(rotation, deployed, settings) === "pending";
        done.push(isPending ? pending(rotation, settings) : await rotate(rotation, settings, draft));
      }
      return done;
    });
  });
  if (json && !up) {
    terminal.json({ stack, rotated });
    return;
  }
  for (const { secret, generation, usedBy, isNew } of rotated) {
    terminal.note(
      isNew
        ? `${secret}: generation ${generation} is in config; the next up gives it to ${usedBy.join(", ")}`
        : `${secret}: generation ${generation} is not deployed yet; no other value was generated`,
    );
  }
  if (!up) {
    terminal.note(`deploy with: bin/longshore up --stack ${stack}`);
    return;
  }
  const { up: bringUp } = await import("./actions.js");
  await bringUp({ stack, system: [...new Set(systems)], json, yes: true });
}

/** Result for a rotation that is not deployed yet. */
function pending({ key, system, values, number }: Rotation, settings: StackSettings): Rotated {
  const plan = wholePlan(settings, system);
  const usedBy = [...new Set(values.flatMap(({ name }) => secretUsers(plan, name)))].sort();
  return { secret: key, generation: number, usedBy, isNew: false };
}

/**
 * Next step of a rotation, by whether the generation in config is deployed. A datastore knows only the deployed
 * generation, so config keeps its value until a later one is deployed.
 * @throws Failure if the deployed generation is unknown or newer than config
 */
function stepOf(
  { key, system, name, number, values }: Rotation,
  deployed: DeployedGenerations,
  { stack, secretsSet }: StackSettings,
): RotationStep {
  if (deployed.kind === "unknown") {
    throw usage(
      `${key}: expected a deployment that records its generations, got one of an earlier version or one that failed; ` +
        `fix: bin/longshore up --stack ${stack} --system ${system}`,
    );
  }
  const secrets = values.map(({ secret }) => secret);
  const held = (secretsSet[system] ?? []).flatMap((text) => {
    const parsed = parseValueName(text);
    return parsed && secrets.includes(parsed.secret) ? [parsed.generation] : [];
  });
  const step = rotationStep(number, deployed.kind === "known" ? deployed.numbers[name] : undefined, held);
  if (step === "behind") {
    throw usage(
      `${key}: expected generation ${String(deployed.kind === "known" ? deployed.numbers[name] : undefined)} in Pulumi.${stack}.yaml, as it is deployed, got ${number}; ` +
        "fix: get the stack file of the last deployment (git pull, or bin/longshore recover)",
    );
  }
  return step;
}

/** @throws Failure unless the generation in config is deployed */
export function requireDeployed(text: string, settings: StackSettings, state: RecordedState): void {
  const rotation = rotations(settings).find(({ system, values }) =>
    values.some(({ secret }) => `${system}.${secret}` === text),
  );
  if (rotation && stepOf(rotation, generationsInState(state, rotation.system), settings) === "pending") {
    throw usage(
      `${text}: expected generation ${rotation.number} to be deployed, but it is not; ` +
        `fix: bin/longshore up --stack ${settings.stack} --system ${rotation.system}`,
    );
  }
}

function rotations(settings: StackSettings): Rotation[] {
  return settings.systems.flatMap((system) => {
    const found = new Map<string, PlannedSecret[]>();
    for (const planned of wholePlan(settings, system).secrets) {
      const rotation = rotationOf({ name: planned.secret, value: planned.value });
      const { number } = generationOf(settings.generations?.[system], rotation);
      if (planned.generation === number) {
        found.set(rotation, [...(found.get(rotation) ?? []), planned]);
      }
    }
    return [...found].map(([name, values]) => ({
      key: `${system}.${name}`,
      system,
      name,
      number: values[0]?.generation ?? 1,
      values,
    }));
  });
}

/** @throws Failure for a secret that Longshore does not generate, and while a rotation is unfinished */
function requireRotatable({ key, system, values }: Rotation, settings: StackSettings): void {
  const { stack } = settings;
  if (values.some(({ from }) => from === "service")) {
    throw usage(`${key}: the managed service makes it; it cannot be rotated from here`);
  }
  if (values.some(({ from }) => from === "config")) {
    const commands = values.map(
      ({ secret }) => `bin/longshore secrets set ${system}.${secret} --stack ${stack}`,
    );
    throw usage(`${key}: a person sets it, so there is nothing to generate; run: ${commands.join(" and ")}`);
  }
  requireFinished(settings, system);
}

/** Adds the next generation to config. Keeps the deployed one. */
async function rotate(rotation: Rotation, settings: StackSettings, draft: ConfigDraft): Promise<Rotated> {
  const { key, system, name, number, values } = rotation;
  const next = number + 1;
  const generations = {
    ...settings.generations,
    [system]: {
      ...settings.generations?.[system],
      [name]: { ...generationOf(settings.generations?.[system], name), number: next },
    },
  };
  const after = { ...settings, generations };
  const plan = planSystem(definitionOf(system), planSettings(after, system));
  const held = settings.secretsSet[system] ?? [];
  const isInConfig =
    settings.target === "compose" ||
    values.some((value) => value.value.kind === "tls" || held.includes(value.name));
  const missing = plan.secrets.filter(
    (one) =>
      rotationOf({ name: one.secret, value: one.value }) === name &&
      one.generation >= next &&
      // The next signing key already exists, and all services accept it.
      !(one.value.kind === "keys" && held.includes(one.name)),
  );
  if (isInConfig) {
    await setGenerated(
      draft,
      missing.map((one) => ({ ...one, system })),
    );
  }
  await noteGenerations(draft, [{ system, rotation: name, number: next }]);
  await forget(rotation, held, draft);
  const usedBy = [
    ...new Set(values.flatMap(({ secret }) => secretUsers(plan, valueName(secret, next)))),
  ].sort();
  return { secret: key, generation: next, usedBy, isNew: true };
}

/** Removes generations before the deployed one from config. */
async function forget(
  { system, number, values }: Rotation,
  held: readonly string[],
  draft: ConfigDraft,
): Promise<void> {
  const secrets = values.map(({ secret }) => secret);
  const old = held.filter((name) => {
    const parsed = parseValueName(name);
    return parsed && secrets.includes(parsed.secret) && isObsolete(parsed.generation, number);
  });
  for (const name of old) {
    await draft.remove(`longshore:secrets.${system}.${name}`);
  }
}

/** Runs `longshore secrets retire`: rejects the keys before the current one. */
export async function retireKey(text: string, { stack, json = false }: SecretOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const settings = loadSettings(stack);
  const rotation = foundIn(rotations(settings), text);
  const { system, name, number, values } = rotation;
  if (values[0]?.value.kind !== "keys") {
    throw usage(`${text}: expected a set of keys; of other secrets the value before ends with the rollout`);
  }
  if (number === 1) {
    throw usage(`${text}: there is no key before the one in use`);
  }
  requireFinished(settings, system);
  await withConfig(stack, terminal, async (opened) => {
    // Until the deployment of the new key has completed, services still sign with the previous one.
    if (stepOf(rotation, generationsInState(await readState(opened), system), settings) !== "next") {
      throw usage(
        `${text}: expected generation ${number} to be deployed, but it is not; ` +
          `fix: bin/longshore up --stack ${stack} --system ${system}`,
      );
    }
    await changeConfig(opened, (draft) =>
      noteGenerations(draft, [{ system, rotation: name, number, retired: number - 1 }]),
    );
  });
  if (json) {
    terminal.json({ stack, secret: text, retired: number - 1 });
  } else {
    terminal.out(`${text}: keys up to ${number - 1} end with the next: bin/longshore up --stack ${stack}`);
  }
}
