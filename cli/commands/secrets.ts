import { InvalidArgumentError, type Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export type SecretsOptions = StackOption & SystemOption & JsonOption;
/** Options of commands about one secret. */
export type SecretOptions = StackOption & JsonOption;

export interface RotateOptions extends SecretOptions {
  /** Whether to deploy the systems afterwards. */
  readonly up?: boolean;
}

export interface CheckOptions extends SecretsOptions {
  /** Age in days. */
  readonly olderThan: number;
  /** Whether to decrypt and check the values. @default true */
  readonly values?: boolean;
}

export function register(program: Command): Command {
  const secrets = program
    .command("secrets")
    .description("the secrets of a stack: kept encrypted in its config, never shown");

  const list = secrets
    .command("list")
    .description("every secret: where it comes from, whether it is set, its generation and age, who uses it");
  withExamples(withJson(withSystem(withStack(list))), [["longshore secrets list --stack prod", ""]]);
  list.action(async (options: SecretsOptions) => {
    (await import("../engine/secrets.js")).listSecrets(options);
  });

  const set = secrets
    .command("set")
    .description("set a secret; the value is read from standard input or asked for, never an argument")
    .argument("<secret>", "as system.name, such as todo.openai-api-key");
  withExamples(withStack(set), [
    ["longshore secrets set todo.openai-api-key", "asks for the value"],
    ["longshore secrets set todo.edge-tls-key < key.pem", "several lines are kept byte for byte"],
    ["longshore secrets set todo.openai-api-key < key.txt", "one line: the line break at its end is dropped"],
  ]);
  set.action((name: string, options: StackOption) =>
    locked(options.stack, "secrets set", async () =>
      (await import("../engine/secrets.js")).setOneSecret(name, options),
    ),
  );

  const encrypt = secrets
    .command("encrypt")
    .description("encrypt the secrets that the stack file holds in plain text");
  withExamples(withJson(withStack(encrypt)), [["longshore secrets encrypt --stack prod", ""]]);
  encrypt.action((options: SecretOptions) =>
    locked(options.stack, "secrets encrypt", async () =>
      (await import("../engine/secret-encryption.js")).encryptSecrets(options),
    ),
  );

  const generate = secrets
    .command("generate")
    .description("generate the missing values of secrets that are generated");
  withExamples(withJson(withSystem(withStack(generate))), [["longshore secrets generate --stack dev", ""]]);
  generate.action((options: SecretsOptions) =>
    locked(options.stack, "secrets generate", async () =>
      (await import("../engine/secrets.js")).generateSecrets(options),
    ),
  );

  const rotate = secrets
    .command("rotate")
    .description("generate the next values in config; the next up deploys them")
    .argument(
      "<secret...>",
      "as system.name, such as todo.db-app-password; a certificate by its pair, todo.edge-tls",
    )
    .option("--up", "bring the systems up right away");
  withExamples(withJson(withStack(rotate)), [
    [
      "longshore secrets rotate todo.db-app-password --up",
      "no request fails meanwhile; then the old value is rejected",
    ],
    [
      "longshore secrets rotate neurascale.jwt-secret",
      "tokens of the old key stay valid until it is retired",
    ],
  ]);
  rotate.action((names: string[], options: RotateOptions) =>
    locked(options.stack, "secrets rotate", async () =>
      (await import("../engine/secret-rotation.js")).rotateSecrets(names, options),
    ),
  );

  const retire = secrets
    .command("retire")
    .description("stop accepting the signing keys before the one in use")
    .argument("<secret>", "a set of keys, as system.name");
  withExamples(withJson(withStack(retire)), [["longshore secrets retire neurascale.jwt-secret", ""]]);
  retire.action((name: string, options: SecretOptions) =>
    locked(options.stack, "secrets retire", async () =>
      (await import("../engine/secret-rotation.js")).retireKey(name, options),
    ),
  );

  const provider = secrets
    .command("provider")
    .description("change what a stack's secrets are encrypted with: a new passphrase, or a key of Google KMS")
    .argument("<provider>", "passphrase, or gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K");
  withExamples(withJson(withStack(provider)), [
    ["longshore secrets provider passphrase", "a new random passphrase for a stack of this machine"],
    [
      "longshore secrets provider gcpkms://projects/acme/locations/europe-west3/keyRings/pulumi/cryptoKeys/prod --stack prod",
      "config and state, encrypted again",
    ],
  ]);
  provider.action((name: string, options: SecretOptions) =>
    locked(options.stack, "secrets provider", async () =>
      (await import("../engine/secret-provider.js")).changeProvider(name, options),
    ),
  );

  const check = secrets
    .command("check")
    .description("find what is missing or malformed (exit code 2), unused or old (exit code 1)")
    .option("--older-than <days>", "what counts as old", wholeDays, 365)
    .option("--no-values", "look at names only: nothing is decrypted");
  withExamples(withJson(withSystem(withStack(check))), [
    ["longshore secrets check --stack prod", "before a deployment"],
    ["longshore secrets check --stack prod --no-values --json", "in a pipeline without the key"],
  ]);
  check.action(async (options: CheckOptions) =>
    (await import("../engine/secret-check.js")).checkSecrets(options),
  );
  return secrets;
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) {
    throw new InvalidArgumentError("expected a whole number of days from 1 on");
  }
  return days;
}
