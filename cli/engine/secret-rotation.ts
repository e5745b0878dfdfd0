import { generationOf, parseValueName, valueName } from "../../catalog/generations";
import { planSystem, type PlannedSecret } from "../../catalog/plan";
import { rotationOf } from "../../catalog/secrets";
import { planSettings, secretUsers, type StackSettings } from "../../settings";
import type { RotateOptions, SecretOptions } from "../secrets";
import { usage } from "../support/failure";
import { definitionOf, loadSettings } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { noteGenerations, requireFinished, setGenerated, withConfig } from "./generations";
import { foundIn, wholePlan } from "./secrets";
import type { OpenConfig } from "./stack";

interface Rotation {
  readonly key: string;
  readonly system: string;
  readonly name: string;
  readonly number: number;
  /** The values in use: one, or the two parts of a pair. */
  readonly values: readonly PlannedSecret[];
}

/** `longshore secrets rotate` */
export async function rotateSecrets(
  names: readonly string[],
  { stack, json = false, up = false }: RotateOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const settings = loadSettings(stack);
  const all = rotations(settings);
  const chosen = names.map((name) => foundIn(all, name));
  chosen.forEach((rotation) => {
    requireRotatable(rotation, settings);
  });
  const rotated = await withConfig(stack, terminal, async (opened) => {
    const done = [];
    for (const rotation of chosen) {
      done.push(await rotate(rotation, settings, opened));
    }
    return done;
  });
  if (json && !up) {
    terminal.json({ stack, rotated });
    return;
  }
  for (const { secret, generation, usedBy } of rotated) {
    terminal.note(`${secret} is at generation ${generation}; ${usedBy.join(", ")} will get it`);
  }
  if (!up) {
    terminal.note(`nothing runs with it yet; do that with: bin/longshore up --stack ${stack}`);
    return;
  }
  const { up: bringUp } = await import("./actions.js");
  await bringUp({ stack, system: [...new Set(chosen.map(({ system }) => system))], json, yes: true });
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

/** @throws Failure for what is not ours to make, and where a rotation is still under way */
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

/** The value first: interrupted after it, config says the same as if the number had been written too. */
async function rotate(rotation: Rotation, settings: StackSettings, opened: OpenConfig) {
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
      // The key after the one in use is there already, and everybody accepts it.
      !(one.value.kind === "keys" && held.includes(one.name)),
  );
  if (isInConfig) {
    await setGenerated(
      opened,
      missing.map((one) => ({ ...one, system })),
    );
  }
  await noteGenerations(opened, [{ system, rotation: name, number: next }]);
  await forget(rotation, held, opened);
  const usedBy = [
    ...new Set(values.flatMap(({ secret }) => secretUsers(plan, valueName(secret, next)))),
  ].sort();
  return { secret: key, generation: next, usedBy };
}

/** Takes values out of config that nothing can use any more. The one before stays: a rollout may still fail. */
async function forget(
  { system, number, values }: Rotation,
  held: readonly string[],
  { command, workDir, env, stack }: OpenConfig,
): Promise<void> {
  const secrets = values.map(({ secret }) => secret);
  const old = held.filter((name) => {
    const parsed = parseValueName(name);
    return parsed && secrets.includes(parsed.secret) && parsed.generation < number;
  });
  for (const name of old) {
    const path = `longshore:secrets.${system}.${name}`;
    await command.run(["config", "rm", "--path", "--stack", stack, path], { cwd: workDir, env });
  }
}

/** `longshore secrets retire`: the keys before the one in use are not accepted any more. */
export async function retireKey(text: string, { stack, json = false }: SecretOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const settings = loadSettings(stack);
  const { system, name, number, values } = foundIn(rotations(settings), text);
  if (values[0]?.value.kind !== "keys") {
    throw usage(`${text}: expected a set of keys; of other secrets the value before ends with the rollout`);
  }
  if (number === 1) {
    throw usage(`${text}: there is no key before the one in use`);
  }
  requireFinished(settings, system);
  await withConfig(stack, terminal, (opened) =>
    noteGenerations(opened, [{ system, rotation: name, number, retired: number - 1 }]),
  );
  if (json) {
    terminal.json({ stack, secret: text, retired: number - 1 });
  } else {
    terminal.out(`${text}: keys up to ${number - 1} end with the next: bin/longshore up --stack ${stack}`);
  }
}
