import { registerSecrets } from "../../tools/redaction";
import type { OpenConfig } from "../engine/open-config";

/** A value of config as `pulumi config --json` prints it. */
export interface ConfigEntry {
  /** Structured values are JSON. */
  readonly value?: string;
  readonly objectValue?: unknown;
  /** Whether the value, or a part of it, is encrypted. */
  readonly secret?: boolean;
}

/** Decrypts the config of a stack. The values stay in this process. */
export async function readDecrypted({ command, workDir, env, stack }: OpenConfig): Promise<{
  readonly entries: Readonly<Record<string, ConfigEntry>>;
  readonly secrets: Readonly<Record<string, Record<string, string> | undefined>>;
}> {
  const { stdout } = await command.run(["config", "--show-secrets", "--json", "--stack", stack], {
    cwd: workDir,
    env,
  });
  const entries = JSON.parse(stdout) as Record<string, ConfigEntry>;
  const entry = entries["longshore:secrets"];
  const secrets = (entry?.objectValue ?? JSON.parse(entry?.value ?? "{}")) as Record<
    string,
    Record<string, string> | undefined
  >;
  registerSecrets(Object.values(secrets).flatMap((values) => Object.values(values ?? {})));
  return { entries, secrets };
}

/** Decrypts the secrets in the config of a stack, by system and name. */
export async function readSecrets(
  opened: OpenConfig,
): Promise<Readonly<Record<string, Record<string, string> | undefined>>> {
  return (await readDecrypted(opened)).secrets;
}
