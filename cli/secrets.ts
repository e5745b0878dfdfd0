import type { Command } from "commander";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "./support/options";

export type SecretsOptions = StackOption & SystemOption & JsonOption;

export function registerSecrets(program: Command): Command {
  const secrets = program
    .command("secrets")
    .description("the secrets of a stack: kept encrypted in its config, never shown");

  const list = secrets
    .command("list")
    .description("every secret: where it comes from, whether it is set, who uses it");
  withExamples(withJson(withSystem(withStack(list))), [["longshore secrets list --stack prod", ""]]);
  list.action(async (options: SecretsOptions) => {
    (await import("./engine/secrets.js")).listSecrets(options);
  });

  const set = secrets
    .command("set")
    .description("set a secret; the value is read from standard input or asked for, never an argument")
    .argument("<secret>", "as system.name, such as todo.openai-api-key");
  withExamples(withStack(set), [
    ["longshore secrets set todo.openai-api-key", "asks for the value"],
    ["longshore secrets set todo.openai-api-key < key.txt", "a line break at the end is dropped"],
  ]);
  set.action(async (name: string, options: StackOption) =>
    (await import("./engine/secrets.js")).setOneSecret(name, options),
  );

  const generate = secrets
    .command("generate")
    .description("make the secrets that are generated and not set yet");
  withExamples(withJson(withSystem(withStack(generate))), [["longshore secrets generate --stack dev", ""]]);
  generate.action(async (options: SecretsOptions) =>
    (await import("./engine/secrets.js")).generateSecrets(options),
  );

  const check = secrets.command("check").description("exit with 2 when a secret that is needed is not set");
  withExamples(withJson(withSystem(withStack(check))), [
    ["longshore secrets check --stack prod", "before a deployment"],
  ]);
  check.action(async (options: SecretsOptions) => {
    (await import("./engine/secrets.js")).checkSecrets(options);
  });
  return secrets;
}
