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
import type { OpenConfig } from "../engine/open-config";
import { ConfigCopies, secretNames } from "./copies";

/** A draft of a stack's config. The engine edits a copy, which then replaces the stack file atomically. */
export class ConfigDraft {
  private readonly removed = new Set<string>();

  constructor(
    private readonly opened: OpenConfig,
    /** Folder of the copy, which has the stack file's name. */
    readonly folder: string,
  ) {}

  get file(): string {
    return join(this.folder, `Pulumi.${this.opened.stack}.yaml`);
  }

  /** Settings in the draft, with encrypted values as ENCRYPTED. */
  values(): Readonly<Record<string, unknown>> {
    return readStackFile(this.folder, this.opened.stack).values;
  }

  /** Encrypts a value. Passes it through standard input, because other users of the machine can read arguments. */
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

  /** Checks that the draft may replace the stack file. @throws Failure if a secret is missing that was not removed */
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

/** Folders of drafts. They are beside the stack file, because a rename is atomic only within one file system. */
const DRAFT_FOLDER = /^\.longshore-draft-[0-9a-f]{12}$/;

/**
 * Changes the config of a stack atomically: after a kill or on a full disk, the stack file has its old or its new
 * content. Stores a copy of a local stack's file first. Takes the stack's lock unless the command holds it.
 * @throws Failure if another program changed the file meanwhile; then nothing is changed
 */
export async function changeConfig<T>(
  opened: OpenConfig,
  work: (draft: ConfigDraft) => Promise<T>,
  disk: FileSystem = DISK,
): Promise<T> {
  return withStackLock(opened.stack, "config change", () => change(opened, work, disk), { waitMs: WAIT_MS });
}

/** Time to wait for another change of config, which takes seconds. */
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
  /** Parent folder of the copies. @default - the data folder */
  readonly dataFolder?: string;
}

/**
 * Replaces a stack file atomically.
 * @throws Failure, ProblemsError, or the disk's error; the stack file is then unchanged
 */
export function replaceStackFile({ stack, target, before, after, disk, dataFolder }: Replacement): void {
  parseStackFile(after, stack, basename(target));
  if ((disk.read(target) ?? "") !== before) {
    throw new Failure(`${target} was changed by another program meanwhile; run this command again`);
  }
  if (machineStack(stack)) {
    const copies = new ConfigCopies(stack, dataFolder, disk);
    copies.keep(before);
    // Stores the new content too, because this file may be the next one to be lost.
    copies.keep(after);
  }
  replaceFile(target, after, { disk });
}
