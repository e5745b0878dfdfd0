import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../../support/options";
import { loadPlans, loadSettings } from "../../support/plans";
import { openTerminal } from "../../support/terminal";
import { generateMissing, withConfig } from "../../secrets/generations";
import { missingGenerated } from "../../engine/local-stack";

type GenerateOptions = StackOption & SystemOption & JsonOption;

export function register(secrets: Command): Command {
  const command = secrets
    .command("generate")
    .description("generate the missing values of secrets that are generated");
  withExamples(withJson(withSystem(withStack(command))), [["longshore secrets generate --stack dev", ""]]);
  return command.action((options: GenerateOptions) =>
    locked(options.stack, "secrets generate", () => generateSecrets(options)),
  );
}

/** Runs `longshore secrets generate`. */
async function generateSecrets({ stack, system, json = false }: GenerateOptions): Promise<void> {
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
    const { missingKey, generateKey } = await import("../../backup/encryption.js");
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
