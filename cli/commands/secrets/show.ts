import type { Command } from "commander";
import { generationOf } from "../../../catalog/generations";
import { rotationOf } from "../../../catalog/secrets";
import { readSecrets } from "../../config/decrypted";
import { audit, auditFile } from "../../secrets/audit";
import { generationsInState, readState } from "../../secrets/deployed-generations";
import { findSecret } from "../../secrets/find";
import { withConfig } from "../../secrets/generations";
import { copyToClipboard } from "../../support/clipboard";
import { usage } from "../../support/failure";
import { withExamples, withStack, type StackOption } from "../../support/options";
import { confirm, openTerminal, type Terminal } from "../../support/terminal";

interface ShowOptions extends StackOption {
  readonly clipboard?: boolean;
}

export function register(secrets: Command): Command {
  const command = secrets
    .command("show")
    .description("show the value of one secret on a terminal, after a question; the access is recorded")
    .argument("<secret>", "as system.name, such as neurascale.operator-password")
    .option("--clipboard", "copy the value to the clipboard and do not show it");
  withExamples(withStack(command), [
    ["longshore secrets show neurascale.operator-password", "asks, then shows it"],
    ["longshore secrets show neurascale.operator-password --clipboard", "to paste it into a sign-in form"],
  ]);
  return command.action((name: string, options: ShowOptions) => showSecret(name, options));
}

/** Runs `longshore secrets show`. */
async function showSecret(text: string, { stack, clipboard = false }: ShowOptions): Promise<void> {
  const terminal = openTerminal();
  if (!clipboard) {
    requireTerminal(terminal, text);
  }
  const { system, planned, settings } = findSecret(stack, text);
  if (!(settings.secretsSet[system] ?? []).includes(planned.name)) {
    throw usage(
      `${text}: expected a value in Pulumi.${stack}.yaml, got none; ` +
        (planned.from === "config"
          ? `fix: bin/longshore secrets set ${text} --stack ${stack}`
          : settings.target === "compose"
            ? `fix: bin/longshore secrets generate --stack ${stack} --system ${system}`
            : "the deployment generates it and keeps it in the state; it is shown nowhere"),
    );
  }
  if (!clipboard) {
    await confirm(terminal, `Show the value of ${text} of stack ${stack} here?`);
  }
  const { value, deployed } = await withConfig(stack, terminal, async (opened) => {
    const held = await readSecrets(opened);
    return {
      value: held[system]?.[planned.name],
      deployed: generationsInState(await readState(opened), system),
    };
  });
  if (value === undefined) {
    throw usage(`${text}: was removed from Pulumi.${stack}.yaml meanwhile; run the command again`);
  }
  const { generation } = planned;
  audit({ action: clipboard ? "secrets show --clipboard" : "secrets show", stack, secret: text, generation });
  if (clipboard) {
    copyToClipboard(value);
    terminal.out(`${text} is in the clipboard`);
  } else {
    terminal.out(value);
  }
  const rotation = rotationOf({ name: planned.secret, value: planned.value });
  const { number } = generationOf(settings.generations?.[system], rotation);
  if (deployed.kind === "known" && (deployed.numbers[rotation] ?? number) < number) {
    terminal.note(`not in use yet: deploy it with bin/longshore up --stack ${stack} --system ${system}`);
  }
  terminal.note(`recorded in ${auditFile()}`);
}

/** @throws Failure unless a person reads the output: a pipe or a file would keep the value */
function requireTerminal({ isInteractive }: Terminal, text: string): void {
  if (!isInteractive || !process.stdout.isTTY) {
    throw usage(
      `secrets show ${text}: expected a terminal, got a pipe, a file or no input; ` +
        "fix: run it in a terminal, or add --clipboard",
    );
  }
}
