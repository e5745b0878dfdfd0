import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import type { SecretOptions } from "../secrets";
import { Failure, usage } from "../support/failure";
import { readValue } from "../support/hidden-input";
import { loadSettings, settingsFolder } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { withConfig } from "./generations";
import { localFiles, ownPassphrase } from "./local-stack";
import type { OpenConfig } from "./stack";

/** A key of Google KMS as Pulumi names it. */
const GOOGLE_KEY =
  /^gcpkms:\/\/projects\/[a-z][a-z0-9-]{4,28}[a-z0-9]\/locations\/[a-z0-9-]+\/keyRings\/[A-Za-z0-9_-]{1,63}\/cryptoKeys\/[A-Za-z0-9_-]{1,63}$/;

/**
 * `longshore secrets provider`: config and state of a stack are encrypted anew. Whatever goes wrong, the stack file, the
 * state and the key are what they were.
 */
export async function changeProvider(
  provider: string,
  { stack, json = false }: SecretOptions,
): Promise<void> {
  const isPassphrase = provider === "passphrase";
  if (!isPassphrase && !GOOGLE_KEY.test(provider)) {
    throw usage(
      `expected passphrase, or a key such as gcpkms://projects/acme/locations/europe-west3/keyRings/pulumi/cryptoKeys/prod, got ${JSON.stringify(provider)}`,
    );
  }
  if (machineStack(stack) && !isPassphrase) {
    throw usage(
      `stack ${stack} is this machine's: its passphrase is in a file of yours, and no key is asked for`,
    );
  }
  loadSettings(stack);
  const terminal = openTerminal({ json });
  const passphrase = isPassphrase ? await newPassphrase(stack) : undefined;
  await withConfig(stack, terminal, (opened) => change(opened, provider, passphrase));
  if (json) {
    terminal.json({ stack, provider: isPassphrase ? "passphrase" : provider });
    return;
  }
  const where = machineStack(stack)
    ? `; it is in ${ownPassphrase(localFiles(dataDir(), repoRoot(), stack))}`
    : "";
  terminal.out(
    isPassphrase
      ? `stack ${stack} has a new passphrase${where}`
      : `secrets of stack ${stack} are encrypted with ${provider}`,
  );
}

/** Random on this machine, where nobody has to know it; elsewhere a person's. */
async function newPassphrase(stack: string): Promise<string> {
  if (machineStack(stack)) {
    return randomBytes(32).toString("base64url");
  }
  const given = (await readValue(`new passphrase of stack ${stack} (not shown): `)).replace(/\r?\n$/, "");
  if (given.length < 12 || given.includes("\n")) {
    throw usage("expected a passphrase of at least 12 characters in one line on standard input");
  }
  return given;
}

async function change(
  { command, workDir, env, stack }: OpenConfig,
  provider: string,
  passphrase: string | undefined,
): Promise<void> {
  const at = { cwd: workDir, env };
  const config = `${settingsFolder(stack)}/Pulumi.${stack}.yaml`;
  const before = existsSync(config) ? readFileSync(config) : undefined;
  const { stdout: state } = await command.run(["stack", "export", "--stack", stack], at);
  const file = machineStack(stack) ? ownPassphrase(localFiles(dataDir(), repoRoot(), stack)) : undefined;
  if (file !== undefined && passphrase !== undefined) {
    // On disk before anything is encrypted with it.
    writeFileSync(`${file}.next`, `${passphrase}\n`, { mode: 0o600 });
  }
  try {
    await command.run(["stack", "change-secrets-provider", "--stack", stack, provider], {
      ...at,
      ...(passphrase !== undefined && { input: `${passphrase}\n` }),
    });
  } catch (error) {
    if (before) {
      writeFileSync(config, before);
    }
    await command.run(["stack", "import", "--stack", stack], { ...at, input: state }).catch(() => {
      throw new Failure(
        `the secrets provider of stack ${stack} was not changed, and its state could not be put back; ` +
          `import its last backup: pulumi stack import --stack ${stack} --file FILE`,
        1,
        { cause: error },
      );
    });
    if (file !== undefined) {
      rmSync(`${file}.next`, { force: true });
    }
    throw error;
  }
  if (file !== undefined && passphrase !== undefined) {
    renameSync(`${file}.next`, file);
  }
}
