import { nearest } from "../../catalog/check/nearest";
import { generationOf, valueName } from "../../catalog/generations";
import { planSystem, type Plan } from "../../catalog/plan";
import { EDGE_TLS } from "../../catalog/plan/edge-tls";
import { rotationOf } from "../../catalog/secrets";
import { planSettings, secretUsers, type StackSettings } from "../../settings";
import { malformedSecrets } from "../../settings/secret-values";
import type { SecretsOptions } from "../commands/secrets";
import { usage } from "../support/failure";
import { readValue } from "../support/hidden-input";
import type { StackOption } from "../support/options";
import { definitionOf, loadPlans, loadSettings } from "../support/plans";
import { openTerminal, plural, table } from "../support/terminal";
import { changeConfig } from "./config-draft";
import { readState } from "./deployed-generations";
import { generateMissing, noteGenerations, requireFinished, withConfig } from "./generations";
import { missingGenerated } from "./local-stack";

interface SecretRow {
  readonly system: string;
  readonly name: string;
  readonly from: "config" | "generated" | "service";
  /** `by up`: the deployment generates the value and stores it in the state. */
  readonly set: "yes" | "no" | "by up";
  /** Generation of the value in use. */
  readonly generation: number;
  /** Date of that value, if recorded. */
  readonly since?: string;
  readonly days?: number;
  readonly usedBy: readonly string[];
}

/** Runs `longshore secrets list`. */
export function listSecrets({ stack, system, json = false }: SecretsOptions): void {
  const terminal = openTerminal({ json });
  const rows = secretRows(stack, system);
  if (json) {
    terminal.json({ stack, secrets: rows });
    return;
  }
  const { colors } = terminal;
  table(
    ["secret", "comes from", "set", "generation", "age", "used by"],
    rows.map(({ system: of, name, from, set, generation, days, usedBy }) => [
      `${of}.${name}`,
      { config: "a person", generated: "generated", service: "Google" }[from],
      set === "no" ? colors.yellow(set) : colors.green(set),
      String(generation),
      days === undefined ? "-" : plural(days, "day"),
      usedBy.join(", "),
    ]),
    terminal,
  ).forEach(terminal.out);
}

/** Rows of all secrets, including optional ones that are not set. */
function secretRows(stack: string, only: readonly string[]): SecretRow[] {
  const { settings, plans } = loadPlans(stack, only);
  return plans.flatMap(({ system }) => {
    const plan = wholePlan(settings, system);
    return plan.secrets.flatMap((planned): SecretRow[] => {
      const { name, secret, from, value, generation } = planned;
      const { number, since } = generationOf(
        settings.generations?.[system],
        rotationOf({ name: secret, value }),
      );
      // The previous value and the next key are parts of a rotation, not separate secrets.
      if (generation !== number) {
        return [];
      }
      return [
        {
          system,
          name: secret,
          from,
          set: (settings.secretsSet[system] ?? []).includes(name)
            ? "yes"
            : from !== "config" && value.kind !== "tls" && settings.target !== "compose"
              ? "by up"
              : "no",
          generation,
          ...(since !== undefined && { since, days: daysSince(since) }),
          usedBy: secretUsers(plan, name),
        },
      ];
    });
  });
}

/** Plans a system with all secrets that it could have. */
export function wholePlan(settings: StackSettings, system: string): Plan {
  const definition = definitionOf(system);
  const all = definition.secrets.map(({ name }) => name);
  return planSystem(definition, { ...planSettings(settings, system), secretsSet: all });
}

export function daysSince(day: string): number {
  return Math.max(0, Math.floor((Date.now() - Date.parse(day)) / 86_400_000));
}

/** Runs `longshore secrets set`. Reads the value from standard input; it is never an argument. */
export async function setOneSecret(text: string, { stack }: StackOption): Promise<void> {
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
      const { requireDeployed } = await import("./secret-rotation.js");
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

function findSecret(stack: string, text: string) {
  const settings = loadSettings(stack);
  const all = settings.systems.flatMap((system) =>
    wholePlan(settings, system).secrets.flatMap((planned) => {
      const { secret: name, value, generation } = planned;
      const { number } = generationOf(settings.generations?.[system], rotationOf({ name, value }));
      return generation === number ? [{ key: `${system}.${name}`, system, planned, settings }] : [];
    }),
  );
  return foundIn(all, text);
}

/** Finds an item by its key. @throws Failure that suggests the nearest key */
export function foundIn<T extends { readonly key: string }>(all: readonly T[], text: string): T {
  const found = all.find(({ key }) => key === text);
  if (!found) {
    const close = nearest(
      text,
      all.map(({ key }) => key),
    );
    throw usage(
      `there is no secret ${text}; ${close ? `did you mean ${close}?` : "bin/longshore secrets list shows them"}`,
    );
  }
  return found;
}

/** Runs `longshore secrets generate`. */
export async function generateSecrets({ stack, system, json = false }: SecretsOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const read = () => {
    const { plans, settings } = loadPlans(stack, system);
    return { missing: missingGenerated(plans, settings), secretsSet: settings.secretsSet };
  };
  const names =
    read().missing.length > 0
      ? await withConfig(stack, terminal, (opened) => generateMissing(opened, read))
      : [];
  if (loadSettings(stack).target === "compose") {
    const { missingKey, generateKey } = await import("../backup/encryption.js");
    if (missingKey(stack)) {
      await generateKey(stack, terminal);
      names.push("backupIdentity");
    }
  }
  if (json) {
    terminal.json({ stack, generated: names });
  } else {
    terminal.out(names.length > 0 ? `generated ${names.join(", ")}` : "nothing to generate: all are set");
  }
}
