import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  type JsonOption,
  type StackOption,
} from "../../support/options";
import { machineStack } from "../../../settings/machine-stacks";
import { DISK } from "../../../tools/files";
import { dataDir, repoRoot } from "../../../tools/paths";
import { EXIT, Failure, usage } from "../../support/failure";
import { readValue } from "../../support/hidden-input";
import { loadSettings, settingsFolder } from "../../support/plans";
import { openTerminal } from "../../support/terminal";
import { withConfig } from "../../secrets/generations";
import { localFiles, ownPassphrase } from "../../engine/local-stack";
import { ProviderChangeFolder, type Reencrypted } from "../../config/provider-change";
import type { OpenConfig } from "../../engine/open-config";
import { importInto, passphraseEnvironment } from "../../secrets/import-state";

type ProviderOptions = StackOption & JsonOption;

export function register(secrets: Command): Command {
  const command = secrets
    .command("provider")
    .description("change what a stack's secrets are encrypted with: a new passphrase, or a key of Google KMS")
    .argument("<provider>", "passphrase, or gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K");
  withExamples(withJson(withStack(command)), [
    ["longshore secrets provider passphrase", "a new random passphrase for a stack of this machine"],
    [
      "longshore secrets provider gcpkms://projects/acme/locations/europe-west3/keyRings/pulumi/cryptoKeys/prod --stack prod",
      "config and state, encrypted again",
    ],
  ]);
  return command.action((name: string, options: ProviderOptions) =>
    locked(options.stack, "secrets provider", () => changeProvider(name, options)),
  );
}

/** A Google Cloud KMS key in Pulumi's notation. */
const GOOGLE_KEY =
  /^gcpkms:\/\/projects\/[a-z][a-z0-9-]{4,28}[a-z0-9]\/locations\/[a-z0-9-]+\/keyRings\/[A-Za-z0-9_-]{1,63}\/cryptoKeys\/[A-Za-z0-9_-]{1,63}$/;

/**
 * Runs `longshore secrets provider`: reencrypts config and state of a stack. An interruption before the switch changes
 * nothing. After an interruption during the switch, other commands refuse to run until `longshore recover` completes
 * it.
 */
async function changeProvider(provider: string, { stack, json = false }: ProviderOptions): Promise<void> {
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

/** Generates a random passphrase for a local stack; asks the operator otherwise. */
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

/** Prepares and verifies the new encryption beside the old one, then switches. */
async function change(opened: OpenConfig, provider: string, passphrase: string | undefined): Promise<void> {
  const { stack } = opened;
  const folder = new ProviderChangeFolder(stack);
  const target = DISK.resolve(join(settingsFolder(stack), `Pulumi.${stack}.yaml`));
  const before = DISK.read(target) ?? "";
  const own = machineStack(stack) ? ownPassphrase(localFiles(dataDir(), repoRoot(), stack)) : undefined;
  folder.clear();
  try {
    const state = await exportState(opened);
    const next = await reencrypt(opened, folder, { provider, passphrase, config: before, state });
    // A deployment from another machine, or a manual `pulumi config set`, must not be overwritten.
    if ((await exportState(opened)) !== state || (DISK.read(target) ?? "") !== before) {
      throw new Failure(
        `stack ${stack}: state or config was changed by another command meanwhile; nothing was switched; run this command again`,
      );
    }
    const since = new Date().toISOString();
    const passphraseFile = own !== undefined && passphrase !== undefined ? own : undefined;
    folder.commit(
      { stack, provider, target, since, ...(passphraseFile !== undefined && { passphraseFile }) },
      before,
      { ...next, ...(passphraseFile !== undefined && { passphrase: passphrase ?? "" }) },
    );
  } catch (error) {
    folder.discard();
    throw error;
  }
  try {
    await folder.complete(importInto(opened, passphrase));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint =
      passphrase !== undefined && own === undefined
        ? " with the new passphrase in PULUMI_CONFIG_PASSPHRASE"
        : "";
    throw new Failure(
      `stack ${stack}: the switch to the new secrets provider was not completed (${why}); ` +
        `fix: bin/longshore recover --stack ${stack}${hint}`,
      EXIT.failed,
      { cause: error },
    );
  }
}

async function exportState({ command, workDir, env, stack }: OpenConfig): Promise<string> {
  return (await command.run(["stack", "export", "--stack", stack], { cwd: workDir, env })).stdout;
}

interface Source {
  readonly provider: string;
  readonly passphrase: string | undefined;
  /** Content of the stack file. */
  readonly config: string;
  readonly state: string;
}

/**
 * Reencrypts config and state: the engine changes a copy of both in a temporary backend. Changes nothing of the stack.
 * @throws Failure if a value differs afterwards
 */
async function reencrypt(
  opened: OpenConfig,
  folder: ProviderChangeFolder,
  { provider, passphrase, config: before, state }: Source,
): Promise<Reencrypted> {
  const { command, workDir, env, stack } = opened;
  const scratch = join(folder.path, "scratch");
  const [first, copy, backend] = ["first", "copy", "backend"].map((name) => join(scratch, name));
  const project = DISK.read(join(workDir, "Pulumi.yaml")) ?? "";
  for (const path of [scratch, first, copy, backend]) {
    DISK.makeFolder(path ?? "");
  }
  DISK.create(join(first ?? "", "Pulumi.yaml"), project, 0o600);
  DISK.create(join(copy ?? "", "Pulumi.yaml"), project, 0o600);
  const file = join(copy ?? "", `Pulumi.${stack}.yaml`);
  DISK.create(file, before, 0o600);

  const there = { ...env, PULUMI_BACKEND_URL: pathToFileURL(backend ?? "").href };
  // Created in a folder without config, because the engine would otherwise write into the copy.
  await command.run(["stack", "init", stack], {
    cwd: first ?? "",
    env: { ...there, PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex") },
  });
  const at = { cwd: copy ?? "", env: there };
  await command.run(["stack", "import", "--stack", stack], { ...at, input: state });
  const old = await decrypted(opened, at);
  await command.run(["stack", "change-secrets-provider", "--stack", stack, provider], {
    ...at,
    ...(passphrase !== undefined && { input: `${passphrase}\n` }),
  });
  const now = { ...at, env: { ...there, ...passphraseEnvironment(passphrase) } };
  if ((await decrypted(opened, now)) !== old) {
    throw new Failure(`stack ${stack}: a value differs after the new encryption; nothing was changed`);
  }
  const { stdout: next } = await command.run(["stack", "export", "--stack", stack], now);
  const config = DISK.read(file) ?? "";
  DISK.remove(scratch);
  return { config, state: next };
}

/** All values of config and state in plain text, for comparison. They stay in this process. */
async function decrypted(
  { command, stack }: Pick<OpenConfig, "command" | "stack">,
  at: { cwd: string; env: Record<string, string> },
): Promise<string> {
  const config = await command.run(["config", "--show-secrets", "--json", "--stack", stack], at);
  const state = await command.run(["stack", "export", "--show-secrets", "--stack", stack], at);
  const { deployment } = JSON.parse(state.stdout) as { deployment: { resources?: unknown } };
  return JSON.stringify([JSON.parse(config.stdout), deployment.resources ?? []]);
}
