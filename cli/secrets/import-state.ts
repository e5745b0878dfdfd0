import type { ImportState } from "../config/provider-change";
import type { OpenConfig } from "../engine/open-config";

/**
 * Imports a state into the stack's own backend. The engine decrypts its secrets with the new passphrase.
 * @param passphrase of a stack whose passphrase this machine does not store
 */
export function importInto(opened: OpenConfig, passphrase?: string): ImportState {
  const { command, workDir, env, stack } = opened;
  return async (state, passphraseFile) => {
    await command.run(["stack", "import", "--stack", stack], {
      cwd: workDir,
      env: { ...env, ...passphraseEnvironment(passphrase, passphraseFile) },
      input: state,
    });
  };
}

/** Passphrase variables of the engine. A passphrase takes precedence over a passphrase file. */
export function passphraseEnvironment(passphrase?: string, file?: string): Record<string, string> {
  return file !== undefined
    ? { PULUMI_CONFIG_PASSPHRASE_FILE: file }
    : passphrase !== undefined
      ? { PULUMI_CONFIG_PASSPHRASE: passphrase }
      : {};
}
