import { join } from "node:path";
import { DISK, type FileSystem } from "../../tools/files";
import { yamlText } from "../../yaml/write";

/** The config of a deployment in a file backend's history, with encrypted secrets, and the state with the salt. */
interface History {
  readonly config?: Readonly<Record<string, unknown>>;
}
interface Checkpoint {
  readonly checkpoint?: {
    readonly latest?: {
      readonly secrets_providers?: { readonly type?: string; readonly state?: { readonly salt?: string } };
    };
  };
}

/**
 * Reads the stack file of the last deployment from a file backend's history. Contains settings and encrypted secrets.
 * @param state root of the backend
 * @default - there is no history, or its secrets are not encrypted with a passphrase
 */
export function configFromHistory(
  state: string,
  project: string,
  stack: string,
  disk: FileSystem = DISK,
): string | undefined {
  const folder = join(state, ".pulumi", "history", project, stack);
  const names = disk.list(folder).filter((name) => /-\d+\.history\.json$/.test(name));
  // The names end with a timestamp in nanoseconds.
  for (const name of names.sort((a, b) => time(b).localeCompare(time(a)))) {
    const { config } = parse<History>(disk.read(join(folder, name)));
    const { checkpoint } = parse<Checkpoint>(
      disk.read(join(folder, name.replace(/\.history\.json$/, ".checkpoint.json"))),
    );
    const { type, state: provider } = checkpoint?.latest?.secrets_providers ?? {};
    if (config !== undefined && type === "passphrase" && provider?.salt !== undefined) {
      return yamlText({ encryptionsalt: provider.salt, config });
    }
  }
  return undefined;
}

function time(name: string): string {
  return (/-(\d+)\.history\.json$/.exec(name)?.[1] ?? "").padStart(20, "0");
}

function parse<T extends object>(content: string | undefined): Partial<T> {
  try {
    return content === undefined ? {} : (JSON.parse(content) as T);
  } catch {
    return {};
  }
}
