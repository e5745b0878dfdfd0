import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseValueName } from "../../catalog/generations";
import { parseStackFile } from "../../settings/file";
import { DISK, type FileSystem } from "../../tools/files";
import { dataDir } from "../../tools/paths";

/** Number of copies kept per stack file. The oldest are deleted first. */
const KEPT = 20;

/** An earlier version of a stack file. */
export interface ConfigCopy {
  readonly path: string;
  readonly content: string;
}

/** Copies of a local stack's stack file, in the data folder. */
export class ConfigCopies {
  private readonly folder: string;

  constructor(
    private readonly stack: string,
    dataFolder = dataDir(),
    private readonly disk: FileSystem = DISK,
  ) {
    this.folder = join(dataFolder, "copies");
  }

  /** Stores a copy with mode 0600, unless the content is empty or equals the newest copy. */
  keep(content: string, now = new Date()): void {
    const names = this.names();
    const newest = names.at(-1);
    if (content.trim() === "" || (newest !== undefined && this.read(newest) === content)) {
      return;
    }
    this.disk.makeFolder(this.folder);
    // A clock that moved back must not make an old copy the newest.
    const last = Number(newest?.split(".").at(-2) ?? 0);
    const number = String(last + 1).padStart(8, "0");
    const day = now.toISOString().slice(0, 10);
    const name = `Pulumi.${this.stack}.yaml.${day}.${number}.${hashOf(content)}`;
    const draft = join(this.folder, `.${name}`);
    try {
      this.disk.remove(draft);
      this.disk.create(draft, content, 0o600);
      this.disk.rename(draft, join(this.folder, name));
    } catch (error) {
      this.disk.remove(draft);
      throw error;
    }
    for (const old of [...names, name].slice(0, -KEPT)) {
      this.disk.remove(join(this.folder, old));
    }
  }

  /** Deletes all copies except the newest. */
  keepOnlyNewest(): void {
    for (const name of this.names().slice(0, -1)) {
      this.disk.remove(join(this.folder, name));
    }
  }

  /** Lists the copies, newest first. Omits damaged ones. */
  all(): ConfigCopy[] {
    return this.names()
      .toReversed()
      .flatMap((name) => {
        const content = this.read(name);
        return content !== undefined && name.endsWith(hashOf(content))
          ? [{ path: join(this.folder, name), content }]
          : [];
      });
  }

  /** The newest copy that contains every generation of a secret that any copy contains. */
  best(): ConfigCopy | undefined {
    const copies = this.all();
    const most = highestGenerations(copies, this.stack);
    return (
      copies.find((copy) => {
        const own = highestGenerations([copy], this.stack);
        return [...most].every(([secret, generation]) => (own.get(secret) ?? 0) >= generation);
      }) ?? copies[0]
    );
  }

  private names(): string[] {
    const pattern = new RegExp(
      `^Pulumi\\.${this.stack}\\.yaml\\.\\d{4}-\\d{2}-\\d{2}\\.\\d{8}\\.[0-9a-f]{8}$`,
    );
    const number = (name: string) => name.split(".").at(-2) ?? "";
    return this.disk
      .list(this.folder)
      .filter((name) => pattern.test(name))
      .sort((a, b) => number(a).localeCompare(number(b)));
  }

  private read(name: string): string | undefined {
    return this.disk.read(join(this.folder, name));
  }
}

function hashOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 8);
}

/** By `system.secret`: the highest generation whose value any copy contains. */
export function highestGenerations(copies: readonly ConfigCopy[], stack: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const { content, path } of copies) {
    for (const [system, names] of Object.entries(secretNames(content, stack, path))) {
      for (const name of names) {
        const { secret, generation } = parseValueName(name) ?? { secret: name, generation: 1 };
        const id = `${system}.${secret}`;
        found.set(id, Math.max(found.get(id) ?? 0, generation));
      }
    }
  }
  return found;
}

/** Names of the secrets in a stack file's content, by system. Empty if it cannot be parsed. */
export function secretNames(content: string, stack: string, path: string): Record<string, string[]> {
  try {
    const { secrets } = parseStackFile(content, stack, path).values;
    return Object.fromEntries(
      Object.entries((secrets ?? {}) as Record<string, object | null>).map(([system, values]) => [
        system,
        Object.keys(values ?? {}),
      ]),
    );
  } catch {
    return {};
  }
}
