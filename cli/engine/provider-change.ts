import { join } from "node:path";
import { machineStack } from "../../settings/machine-stacks";
import { DISK, replaceFile, type FileSystem } from "../../tools/files";
import { dataDir } from "../../tools/paths";
import { Failure, usage } from "../support/failure";
import { ConfigCopies } from "./config-copies";

/** A change of the secrets provider that is ready to be switched to, or was interrupted while it was. */
export interface ProviderChange {
  readonly stack: string;
  /** `passphrase`, or a key of Google KMS. */
  readonly provider: string;
  /** The stack file. */
  readonly target: string;
  /** Where this machine keeps the passphrase. @default - a person keeps it, or there is none */
  readonly passphraseFile?: string;
  /** ISO time. */
  readonly since: string;
}

/** What is encrypted anew. */
export interface Reencrypted {
  readonly config: string;
  readonly state: string;
  /** @default - none of this machine's */
  readonly passphrase?: string;
}

/** Writes a state into the backend. Doing so twice does no harm. */
export type ImportState = (state: string, passphraseFile: string | undefined) => Promise<void>;

const JOURNAL = "journal.json";

/**
 * The folder of one stack's change. Config, state and passphrase are three files that nothing can replace at once: first
 * all of them are written here, encrypted anew and verified; the journal is written last. Without a journal nothing was
 * switched, and the folder is removed. With it the switch can be completed, any number of times.
 */
export class ProviderChangeFolder {
  readonly path: string;

  constructor(
    private readonly stack: string,
    private readonly dataFolder = dataDir(),
    private readonly disk: FileSystem = DISK,
  ) {
    this.path = join(dataFolder, "provider-change", stack);
  }

  /** Where the new passphrase is, before and while it is switched to. */
  get passphraseFile(): string {
    return join(this.path, "passphrase");
  }

  /** A change that waits for its completion. */
  unfinished(): ProviderChange | undefined {
    const journal = this.disk.read(join(this.path, JOURNAL));
    return journal === undefined ? undefined : (JSON.parse(journal) as ProviderChange);
  }

  /** Whether an interrupted command left files behind without having switched anything. */
  hasRemains(): boolean {
    return this.unfinished() === undefined && this.disk.list(this.path).length > 0;
  }

  /** Begins anew: nothing is switched yet. */
  clear(): void {
    this.disk.remove(this.path);
    this.disk.makeFolder(this.path);
  }

  discard(): void {
    this.disk.remove(this.path);
  }

  /** Makes the change ready; from here on it is completed, not undone. */
  commit(change: ProviderChange, before: string, { config, state, passphrase }: Reencrypted): void {
    const { disk } = this;
    const write = (name: string, content: string) => {
      disk.create(join(this.path, name), content, 0o600);
    };
    write("config.before", before);
    write("config.next", config);
    write("state.next", state);
    if (passphrase !== undefined && disk.read(this.passphraseFile) === undefined) {
      write("passphrase", `${passphrase}\n`);
    }
    replaceFile(join(this.path, JOURNAL), JSON.stringify(change), { disk });
  }

  /**
   * Switches state, stack file and passphrase to the new encryption. Interrupted at any point, it is completed by the next
   * call. @throws Failure when the stack file was changed meanwhile; then nothing is switched
   */
  async complete(importState: ImportState): Promise<void> {
    const { disk } = this;
    const change = this.unfinished();
    if (change === undefined) {
      throw new Error(`internal: no change of the secrets provider of stack ${this.stack} is unfinished`);
    }
    const next = this.need("config.next");
    const current = disk.read(change.target) ?? "";
    if (current !== next && current !== this.need("config.before")) {
      throw new Failure(
        `${change.target} was changed after the new encryption was prepared; ` +
          `fix: remove ${this.path} if the state is still encrypted as before, or put ${join(this.path, "config.before")} back, then run this again`,
      );
    }
    const { passphraseFile } = change;
    await importState(this.need("state.next"), passphraseFile && this.passphraseFile);
    replaceFile(change.target, next, { disk });
    if (passphraseFile !== undefined) {
      replaceFile(passphraseFile, this.need("passphrase"), { disk });
    }
    if (machineStack(this.stack)) {
      const copies = new ConfigCopies(this.stack, this.dataFolder, disk);
      copies.keep(next);
      // Nothing decrypts the others any more, or something does that should not.
      copies.keepOnlyNewest();
    }
    // Everything is switched: without the journal the rest is only remains.
    disk.remove(join(this.path, JOURNAL));
    disk.remove(this.path);
  }

  private need(name: string): string {
    const content = this.disk.read(join(this.path, name));
    if (content === undefined) {
      throw new Failure(
        `${join(this.path, name)}: expected a file of the unfinished change of the secrets provider, got none`,
      );
    }
    return content;
  }
}

/** @throws Failure while a change of the stack's secrets provider is unfinished */
export function requireNoProviderChange(stack: string): void {
  const change = new ProviderChangeFolder(stack).unfinished();
  if (change !== undefined) {
    throw usage(
      `stack ${stack}: the change of its secrets provider of ${change.since} was interrupted; ` +
        `fix: bin/longshore recover --stack ${stack}`,
    );
  }
}
