import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  type JsonOption,
  type StackOption,
} from "../../support/options";
import { generationOf, isObsolete, parseValueName, valueName } from "../../../catalog/generations";
import { planSystem } from "../../../catalog/plan";
import { rotationOf } from "../../../catalog/secrets";
import { planSettings, secretUsers, type StackSettings } from "../../../settings";
import { usage } from "../../support/failure";
import { definitionOf, loadSettings } from "../../support/plans";
import { openTerminal } from "../../support/terminal";
import { changeConfig, type ConfigDraft } from "../../config/draft";
import { generationsInState, readState } from "../../secrets/deployed-generations";
import { noteGenerations, requireFinished, setGenerated, withConfig } from "../../secrets/generations";
import { foundIn, wholePlan } from "../../secrets/find";
import { rotations, stepOf, type Rotation } from "../../secrets/rotation";
import { up as bringUp } from "../up";

interface RotateOptions extends StackOption, JsonOption {
  /** Whether to deploy the systems afterwards. */
  readonly up?: boolean;
}

export function register(secrets: Command): Command {
  const command = secrets
    .command("rotate")
    .description("generate the next values in config; the next up deploys them")
    .argument(
      "<secret...>",
      "as system.name, such as todo.db-app-password; a certificate by its pair, todo.edge-tls",
    )
    .option("--up", "bring the systems up right away");
  withExamples(withJson(withStack(command)), [
    [
      "longshore secrets rotate todo.db-app-password --up",
      "no request fails meanwhile; then the old value is rejected",
    ],
    [
      "longshore secrets rotate neurascale.jwt-secret",
      "tokens of the old key stay valid until it is retired",
    ],
  ]);
  return command.action((names: string[], options: RotateOptions) =>
    locked(options.stack, "secrets rotate", () => rotateSecrets(names, options)),
  );
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
async function rotateSecrets(
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
  await bringUp({ stack, system: [...new Set(systems)], json, yes: true });
}

/** Result for a rotation that is not deployed yet. */
function pending({ key, system, values, number }: Rotation, settings: StackSettings): Rotated {
  const plan = wholePlan(settings, system);
  const usedBy = [...new Set(values.flatMap(({ name }) => secretUsers(plan, name)))].sort();
  return { secret: key, generation: number, usedBy, isNew: false };
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
