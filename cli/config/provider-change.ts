import { join } from "node:path";
import { machineStack } from "../../settings/machine-stacks";
import { DISK, replaceFile, type FileSystem } from "../../tools/files";
import { dataDir } from "../../tools/paths";
import { Failure, usage } from "../support/failure";
import { ConfigCopies } from "./copies";

/** A change of the secrets provider that is prepared, or whose switch was interrupted. */
export interface ProviderChange {
  readonly stack: string;
  /** `passphrase`, or a Google Cloud KMS key. */
  readonly provider: string;
  /** The stack file. */
  readonly target: string;
  /** Passphrase file on this machine. @default - the operator keeps the passphrase, or there is none */
  readonly passphraseFile?: string;
  /** ISO time. */
  readonly since: string;
}

/** The reencrypted config, state and passphrase. */
export interface Reencrypted {
  readonly config: string;
  readonly state: string;
  /** New passphrase. @default - this machine stores none */
  readonly passphrase?: string;
}

/** Imports a state into the backend. Idempotent. */
export type ImportState = (state: string, passphraseFile: string | undefined) => Promise<void>;

const JOURNAL = "journal.json";

/**
 * Folder of one stack's change of secrets provider. Config, state and passphrase are three files that cannot be
 * replaced atomically together. All three are first written here, reencrypted and verified; the journal is written
 * last. Without a journal nothing was switched and the folder is deleted. With a journal the switch can be completed
 * any number of times.
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

  /** File of the new passphrase, before and during the switch. */
  get passphraseFile(): string {
    return join(this.path, "passphrase");
  }

  /** A prepared change whose switch is not complete. */
  unfinished(): ProviderChange | undefined {
    const journal = this.disk.read(join(this.path, JOURNAL));
    return journal === undefined ? undefined : (JSON.parse(journal) as ProviderChange);
  }

  /** Whether an interrupted command left files behind without a switch. */
  hasRemains(): boolean {
    return this.unfinished() === undefined && this.disk.list(this.path).length > 0;
  }

  /** Empties the folder. Call only before the switch. */
  clear(): void {
    this.disk.remove(this.path);
    this.disk.makeFolder(this.path);
  }

  discard(): void {
    this.disk.remove(this.path);
  }

  /** Writes the journal. From here on the change is completed, not undone. */
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
   * Switches state, stack file and passphrase to the new encryption. Repeat after an interruption.
   * @throws Failure if the stack file was changed meanwhile; then nothing is switched
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
      // The other copies can no longer be decrypted, or only with a key that must no longer be used.
      copies.keepOnlyNewest();
    }
    // Everything is switched; without the journal the folder is only a remainder.
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
