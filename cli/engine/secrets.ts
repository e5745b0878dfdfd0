import { nearest } from "../../catalog/check/nearest";
import type { PlannedSecret } from "../../catalog/plan";
import { planSystem } from "../../catalog/plan";
import { missingSecrets, planSettings, requireSecrets, secretUsers } from "../../settings";
import type { SecretsOptions } from "../secrets";
import { EXIT, Failure, usage } from "../support/failure";
import type { StackOption } from "../support/options";
import { definitionOf, loadPlans, loadSettings } from "../support/plans";
import { startProgress } from "../support/progress";
import { openTerminal, plural, table } from "../support/terminal";
import { missingGenerated, setSecret } from "./local-stack";
import { explain, openConfig } from "./stack";

interface SecretRow {
  readonly system: string;
  readonly name: string;
  readonly from: "config" | "generated" | "service";
  /** `by up`: made and kept in state by the deployment itself. */
  readonly set: "yes" | "no" | "by up";
  readonly usedBy: readonly string[];
}

/** `longshore secrets list` */
export function listSecrets({ stack, system, json = false }: SecretsOptions): void {
  const terminal = openTerminal({ json });
  const rows = secretRows(stack, system);
  if (json) {
    terminal.json({ stack, secrets: rows });
    return;
  }
  const { colors } = terminal;
  table(
    ["secret", "comes from", "set", "used by"],
    rows.map(({ system: of, name, from, set, usedBy }) => [
      `${of}.${name}`,
      { config: "a person", generated: "generated", service: "Google" }[from],
      set === "no" ? colors.yellow(set) : colors.green(set),
      usedBy.join(", "),
    ]),
    terminal,
  ).forEach(terminal.out);
}

/** Also the optional ones that are not set: whoever lists secrets wants to know what could be set. */
function secretRows(stack: string, only: readonly string[]): SecretRow[] {
  const { settings, plans } = loadPlans(stack, only);
  return plans.flatMap(({ system }) => {
    const definition = definitionOf(system);
    const all = definition.secrets.map(({ name }) => name);
    const plan = planSystem(definition, { ...planSettings(settings, system), secretsSet: all });
    return plan.secrets.map(({ name, from, value }) => ({
      system,
      name,
      from,
      set: (settings.secretsSet[system] ?? []).includes(name)
        ? "yes"
        : from !== "config" && value.kind !== "tls" && settings.target !== "compose"
          ? "by up"
          : "no",
      usedBy: secretUsers(plan, name),
    }));
  });
}

/** `longshore secrets set`: the value comes from standard input and never is an argument. */
export async function setOneSecret(text: string, { stack }: StackOption): Promise<void> {
  const terminal = openTerminal();
  const secret = findSecret(stack, text);
  const value = (await readValue(`value of ${text} (not shown): `)).replace(/\r?\n$/, "");
  if (value === "") {
    throw usage(`${text}: expected a value on standard input, got nothing`);
  }
  const progress = await startProgress(terminal);
  try {
    const opened = await openConfig(stack, progress);
    await setSecret(opened.command, opened, secret.configPath, value);
  } catch (error) {
    throw explain(error, stack);
  } finally {
    progress.stop();
  }
  terminal.out(
    `${text} is set on stack ${stack}; bring it to the services with: bin/longshore up --stack ${stack}`,
  );
}

function findSecret(stack: string, text: string): PlannedSecret {
  const settings = loadSettings(stack);
  const all = settings.systems.flatMap((system) => {
    const definition = definitionOf(system);
    const names = definition.secrets.map(({ name }) => name);
    const plan = planSystem(definition, { ...planSettings(settings, system), secretsSet: names });
    return plan.secrets.map((secret) => ({ key: `${system}.${secret.name}`, secret }));
  });
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
  return found.secret;
}

async function readValue(question: string): Promise<string> {
  return process.stdin.isTTY ? askHidden(question) : readInput();
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) {
    parts.push(Buffer.from(part as Uint8Array));
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Reads a line without showing it. */
function askHidden(question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdin, stderr } = process;
    let value = "";
    const end = (finish: () => void) => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off("data", onData);
      stderr.write("\n");
      finish();
    };
    const onData = (data: Buffer) => {
      for (const character of data.toString("utf8")) {
        if (character === "\r" || character === "\n") {
          end(() => {
            resolve(value);
          });
          return;
        }
        if (character === "\u0003" || character === "\u0004") {
          end(() => {
            reject(new Failure("nothing was changed", EXIT.interrupted));
          });
          return;
        }
        value = character === "\u007f" || character === "\b" ? value.slice(0, -1) : value + character;
      }
    };
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.resume();
    stdin.on("data", onData);
  });
}

/** `longshore secrets generate` */
export async function generateSecrets({ stack, system, json = false }: SecretsOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const { plans, settings } = loadPlans(stack, system);
  const missing = missingGenerated(plans, settings);
  const names = missing.map((secret) => `${secret.system}.${secret.name}`);
  if (missing.length > 0) {
    const progress = await startProgress(terminal);
    try {
      const opened = await openConfig(stack, progress);
      const { generateValues } = await import("./generate.js");
      for (const { configPath, value } of await generateValues(missing)) {
        await setSecret(opened.command, opened, configPath, value);
      }
    } catch (error) {
      throw explain(error, stack);
    } finally {
      progress.stop();
    }
  }
  if (json) {
    terminal.json({ stack, generated: names });
  } else {
    terminal.out(names.length > 0 ? `generated ${names.join(", ")}` : "nothing to generate: all are set");
  }
}

/** `longshore secrets check` */
export function checkSecrets({ stack, system, json = false }: SecretsOptions): void {
  const terminal = openTerminal({ json });
  const { plans, settings } = loadPlans(stack, system);
  if (json) {
    const missing = plans.flatMap((plan) =>
      missingSecrets(plan, settings).map((name) => `${plan.system}.${name}`),
    );
    terminal.json({ stack, missing });
    process.exitCode = missing.length > 0 ? EXIT.usage : EXIT.ok;
    return;
  }
  requireSecrets(plans, settings);
  const count = plans.reduce((sum, { secrets }) => sum + secrets.length, 0);
  terminal.out(`stack ${stack}: ${plural(count, "secret")}, nothing missing`);
}
