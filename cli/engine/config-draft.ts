import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { readStackFile } from "../../settings";
import { parseStackFile } from "../../settings/file";
import { machineStack } from "../../settings/machine-stacks";
import { DISK, removeDrafts, replaceFile, type FileSystem } from "../../tools/files";
import { registerSecrets } from "../../tools/redaction";
import { settingsFolder } from "../support/plans";
import { Failure } from "../support/failure";
import { withStackLock } from "../support/stack-lock";
import { ConfigCopies, secretNames } from "./config-copies";
import type { OpenConfig } from "./stack";

/** A change of a stack's config: the engine edits a copy, which then replaces the stack file as a whole. */
export class ConfigDraft {
  private readonly removed = new Set<string>();

  constructor(
    private readonly opened: OpenConfig,
    /** Holds the copy, under the stack file's own name. */
    readonly folder: string,
  ) {}

  get file(): string {
    return join(this.folder, `Pulumi.${this.opened.stack}.yaml`);
  }

  /** Settings as the draft has them, encrypted values being ENCRYPTED. */
  values(): Readonly<Record<string, unknown>> {
    return readStackFile(this.folder, this.opened.stack).values;
  }

  /** Encrypts a value. It travels through standard input: other users of the machine can read arguments. */
  async setSecret(configPath: string, value: string): Promise<void> {
    registerSecrets([value]);
    await this.config(["set", "--secret", "--path", "--raw", configPath], value);
  }

  async setPlain(pairs: readonly (readonly [configPath: string, value: string])[]): Promise<void> {
    if (pairs.length > 0) {
      const args = pairs.flatMap(([path, value]) => ["--plaintext", `${path}=${value}`]);
      await this.config(["set-all", "--path", ...args]);
    }
  }

  async remove(configPath: string): Promise<void> {
    await this.config(["rm", "--path", configPath]);
    this.removed.add(configPath);
  }

  /** @throws Failure when the draft misses a secret that nobody removed: it must not replace the stack file */
  requireComplete(before: string): void {
    const { stack } = this.opened;
    const now = secretNames(DISK.read(this.file) ?? "", stack, this.file);
    const lost = Object.entries(secretNames(before, stack, this.file)).flatMap(([system, names]) =>
      names
        .map((name) => [name, `longshore:secrets.${system}.${name}`] as const)
        .filter(([name, path]) => !this.removed.has(path) && now[system]?.includes(name) !== true)
        .map(([, path]) => path),
    );
    if (lost.length > 0) {
      throw new Failure(
        `Pulumi.${stack}.yaml was not changed: the engine's new content misses ${lost.join(", ")}`,
      );
    }
  }

  private async config(args: readonly string[], input?: string): Promise<void> {
    const { command, workDir, env, stack } = this.opened;
    const [verb = "", ...rest] = args;
    await command.run(["config", verb, "--stack", stack, "--config-file", this.file, ...rest], {
      cwd: workDir,
      env,
      ...(input !== undefined && { input }),
    });
  }
}

/** Folders of drafts, beside the stack file: a rename is atomic within one file system only. */
const DRAFT_FOLDER = /^\.longshore-draft-[0-9a-f]{12}$/;

/**
 * Changes the config of a stack as a whole: killed at any point, or on a full disk, the stack file has its old or its new
 * content. Of the stacks of this machine a copy is kept first. Takes the lock of the
 * stack, unless the command holds it.
 * @throws Failure when another program changed the file meanwhile; then nothing is changed
 */
export async function changeConfig<T>(
  opened: OpenConfig,
  work: (draft: ConfigDraft) => Promise<T>,
  disk: FileSystem = DISK,
): Promise<T> {
  return withStackLock(opened.stack, "config change", () => change(opened, work, disk), { waitMs: WAIT_MS });
}

/** A change of config takes seconds: another one is worth waiting for. */
const WAIT_MS = 30_000;

async function change<T>(
  opened: OpenConfig,
  work: (draft: ConfigDraft) => Promise<T>,
  disk: FileSystem,
): Promise<T> {
  const { stack } = opened;
  const target = disk.resolve(join(settingsFolder(stack), `Pulumi.${stack}.yaml`));
  removeRemains(target, disk);
  const folder = join(dirname(target), `.longshore-draft-${randomBytes(6).toString("hex")}`);
  const before = disk.read(target) ?? "";
  try {
    disk.makeFolder(folder);
    const draft = new ConfigDraft(opened, folder);
    disk.create(draft.file, before, 0o600);
    const done = await work(draft);
    const after = disk.read(draft.file) ?? "";
    if (after !== before) {
      draft.requireComplete(before);
      replaceStackFile({ stack, target, before, after, disk });
    }
    return done;
  } finally {
    disk.remove(folder);
  }
}

/** Removes the drafts of killed commands. */
function removeRemains(target: string, disk: FileSystem): void {
  for (const name of disk.list(dirname(target)).filter((one) => DRAFT_FOLDER.test(one))) {
    disk.remove(join(dirname(target), name));
  }
  removeDrafts(target, disk);
}

interface Replacement {
  readonly stack: string;
  readonly target: string;
  readonly before: string;
  readonly after: string;
  readonly disk: FileSystem;
  /** Where the copies are. @default - the data folder */
  readonly dataFolder?: string;
}

/** @throws Failure, ProblemsError, or the error of the disk; the stack file is then what it was */
export function replaceStackFile({ stack, target, before, after, disk, dataFolder }: Replacement): void {
  parseStackFile(after, stack, basename(target));
  if ((disk.read(target) ?? "") !== before) {
    throw new Failure(`${target} was changed by another program meanwhile; run this command again`);
  }
  if (machineStack(stack)) {
    const copies = new ConfigCopies(stack, dataFolder, disk);
    copies.keep(before);
    // The new content too: what is lost next may be the file that this change writes.
    copies.keep(after);
  }
  replaceFile(target, after, { disk });
}
