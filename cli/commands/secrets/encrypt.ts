import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  type JsonOption,
  type StackOption,
} from "../../support/options";
import { readStackFile } from "../../../settings";
import { configPath, plainSecrets } from "../../../settings/secret-settings";
import { usage } from "../../support/failure";
import { settingsFolder } from "../../support/plans";
import { openTerminal } from "../../support/terminal";
import { changeConfig } from "../../config/draft";
import { withConfig } from "../../secrets/generations";

type EncryptOptions = StackOption & JsonOption;

export function register(secrets: Command): Command {
  const command = secrets
    .command("encrypt")
    .description("encrypt the secrets that the stack file holds in plain text");
  withExamples(withJson(withStack(command)), [["longshore secrets encrypt --stack prod", ""]]);
  return command.action((options: EncryptOptions) =>
    locked(options.stack, "secrets encrypt", () => encryptSecrets(options)),
  );
}

/** Runs `longshore secrets encrypt`: encrypts the plain-text secrets of a stack file in place. */
async function encryptSecrets({ stack, json = false }: EncryptOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const names: string[] = [];
  // Reads the raw stack file, because settings with plain-text secrets cannot be loaded.
  if (plainSecrets(readStackFile(settingsFolder(stack), stack).values).length > 0) {
    await withConfig(stack, terminal, (opened) =>
      changeConfig(opened, async (draft) => {
        const values = draft.values();
        const paths = plainSecrets(values);
        const texts = paths.map((path) => textAt(values, path));
        for (const [index, path] of paths.entries()) {
          await draft.setSecret(configPath(path), texts[index] ?? "");
          names.push(path.join("."));
        }
      }),
    );
  }
  if (json) {
    terminal.json({ stack, encrypted: names });
    return;
  }
  terminal.out(
    names.length > 0
      ? `encrypted ${names.join(", ")}; replace the values where they were issued if the file was committed or shared`
      : "nothing to encrypt: no secret is in plain text",
  );
}

/** @throws Failure for a value that YAML does not read as text, because digits may already be lost */
function textAt(values: Readonly<Record<string, unknown>>, path: readonly string[]): string {
  const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], values);
  if (typeof value !== "string") {
    throw usage(`${path.join(".")}: expected text, got ${typeof value}; fix: put the value in quotes`);
  }
  return value;
}
