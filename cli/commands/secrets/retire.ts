import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  type JsonOption,
  type StackOption,
} from "../../support/options";
import { usage } from "../../support/failure";
import { loadSettings } from "../../support/plans";
import { openTerminal } from "../../support/terminal";
import { changeConfig } from "../../config/draft";
import { generationsInState, readState } from "../../secrets/deployed-generations";
import { noteGenerations, requireFinished, withConfig } from "../../secrets/generations";
import { foundIn } from "../../secrets/find";
import { rotations, stepOf } from "../../secrets/rotation";

type RetireOptions = StackOption & JsonOption;

export function register(secrets: Command): Command {
  const command = secrets
    .command("retire")
    .description("stop accepting the signing keys before the one in use")
    .argument("<secret>", "a set of keys, as system.name");
  withExamples(withJson(withStack(command)), [["longshore secrets retire neurascale.jwt-secret", ""]]);
  return command.action((name: string, options: RetireOptions) =>
    locked(options.stack, "secrets retire", () => retireKey(name, options)),
  );
}

/** Runs `longshore secrets retire`: rejects the keys before the current one. */
async function retireKey(text: string, { stack, json = false }: RetireOptions): Promise<void> {
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
