import type { Command } from "commander";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../../support/options";
import { generationOf } from "../../../catalog/generations";
import { rotationOf } from "../../../catalog/secrets";
import { secretUsers } from "../../../settings";
import { loadPlans } from "../../support/plans";
import { openTerminal, plural, table } from "../../support/terminal";
import { currentSecrets, daysSince, isMadeByUp, wholePlan } from "../../secrets/find";

type ListOptions = StackOption & SystemOption & JsonOption;

export function register(secrets: Command): Command {
  const command = secrets
    .command("list")
    .description("every secret: where it comes from, whether it is set, its generation and age, who uses it");
  withExamples(withJson(withSystem(withStack(command))), [["longshore secrets list --stack prod", ""]]);
  return command.action((options: ListOptions) => {
    listSecrets(options);
  });
}

interface SecretRow {
  readonly system: string;
  readonly name: string;
  readonly from: "config" | "generated" | "service";
  /** `by up`: the next deployment generates the value. */
  readonly set: "yes" | "no" | "by up";
  /** Generation of the value in use. */
  readonly generation: number;
  /** Date of that value, if recorded. */
  readonly since?: string;
  readonly days?: number;
  readonly usedBy: readonly string[];
}

/** Runs `longshore secrets list`. */
function listSecrets({ stack, system, json = false }: ListOptions): void {
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
    return currentSecrets(settings, plan).map(({ name, secret, from, value, generation }): SecretRow => {
      const { since } = generationOf(settings.generations?.[system], rotationOf({ name: secret, value }));
      return {
        system,
        name: secret,
        from,
        set: (settings.secretsSet[system] ?? []).includes(name)
          ? "yes"
          : isMadeByUp({ from, value }, settings)
            ? "by up"
            : "no",
        generation,
        ...(since !== undefined && { since, days: daysSince(since) }),
        usedBy: secretUsers(plan, name),
      };
    });
  });
}
