import type { Command } from "commander";
import { locked, withExamples, withStack, type StackOption } from "../../support/options";
import { valueName } from "../../../catalog/generations";
import { EDGE_TLS } from "../../../catalog/plan/edge-tls";
import { rotationOf } from "../../../catalog/secrets";
import { malformedSecrets } from "../../../settings/secret-values";
import { usage } from "../../support/failure";
import { readValue } from "../../support/hidden-input";
import { definitionOf } from "../../support/plans";
import { openTerminal } from "../../support/terminal";
import { changeConfig } from "../../config/draft";
import { readState } from "../../secrets/deployed-generations";
import { noteGenerations, requireFinished, withConfig } from "../../secrets/generations";
import { findSecret, wholePlan } from "../../secrets/find";

export function register(secrets: Command): Command {
  const command = secrets
    .command("set")
    .description("set a secret; the value is read from standard input or asked for, never an argument")
    .argument("<secret>", "as system.name, such as todo.openai-api-key");
  withExamples(withStack(command), [
    ["longshore secrets set todo.openai-api-key", "asks for the value"],
    ["longshore secrets set todo.edge-tls-key < key.pem", "several lines are kept byte for byte"],
    ["longshore secrets set todo.openai-api-key < key.txt", "one line: the line break at its end is dropped"],
  ]);
  return command.action((name: string, options: StackOption) =>
    locked(options.stack, "secrets set", () => setOneSecret(name, options)),
  );
}

/** Runs `longshore secrets set`. Reads the value from standard input; it is never an argument. */
async function setOneSecret(text: string, { stack }: StackOption): Promise<void> {
  const terminal = openTerminal();
  const { system, planned, settings } = findSecret(stack, text);
  const { secret, value: made, from, generation } = planned;
  if (from === "service") {
    throw usage(`${text}: the managed service generates it; it cannot be set`);
  }
  if (made.kind === "keys") {
    throw usage(
      `${text}: a set of keys is generated; a new one: bin/longshore secrets rotate ${text} --stack ${stack}`,
    );
  }
  const value = withoutLineEnd(await readValue(`value of ${text} (not shown): `));
  if (value === "") {
    throw usage(`${text}: expected a value on standard input, got nothing`);
  }
  const only = (_system: string, name: string) => (name === planned.name ? value : undefined);
  const [problem] = malformedSecrets(wholePlan(settings, system), only);
  if (problem) {
    throw usage(`${text}: ${problem.message}; nothing was changed`);
  }
  const isSet = (settings.secretsSet[system] ?? []).includes(planned.name);
  // For a value that a datastore knows, this is a rotation: the current value stays valid until its last client has
  // switched.
  const isRotation = isStorePassword(system, secret) && (isSet || settings.target !== "compose");
  if (isRotation) {
    requireFinished(settings, system);
  }
  const number = isRotation ? generation + 1 : generation;
  await withConfig(stack, terminal, async (opened) => {
    if (isRotation) {
      const { requireDeployed } = await import("../../secrets/rotation.js");
      requireDeployed(text, settings, await readState(opened));
    }
    await changeConfig(opened, async (draft) => {
      await draft.setSecret(`longshore:secrets.${system}.${valueName(secret, number)}`, value);
      const rotation = rotationOf({ name: secret, value: made });
      await noteGenerations(draft, [{ system, rotation, number }]);
    });
  });
  terminal.out(
    `${text} is set on stack ${stack}; bring it to the services with: bin/longshore up --stack ${stack}`,
  );
}

/** Removes the trailing line break of a single-line value. Keeps a multi-line value, such as PEM, unchanged. */
export function withoutLineEnd(value: string): string {
  const line = value.replace(/\r?\n$/, "");
  return line.includes("\n") ? value : line;
}

function isStorePassword(system: string, secret: string): boolean {
  return (
    !definitionOf(system).secrets.some(({ name }) => name === secret) && !secret.startsWith(`${EDGE_TLS}-`)
  );
}
