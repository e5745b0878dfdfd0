import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plan, PlannedSecret } from "../../catalog/plan";
import { missingSecrets, type StackSettings } from "../../settings";
import { MACHINE_STACK_NAMES } from "../../settings/machine-stacks";
import { usage } from "../support/failure";
import { PROJECT } from "../support/project";
import { hasState } from "./locks";

/** Paths of a local stack's private files, all outside of the checkout. */
export interface LocalFiles {
  readonly stack: string;
  readonly folder: string;
  readonly state: string;
  readonly passphrase: string;
  readonly settings: string;
  /** Symbolic link in the checkout through which Pulumi finds the settings. Git ignores it. */
  readonly link: string;
}

export function localFiles(dataFolder: string, root: string, stack: string): LocalFiles {
  const own = join(dataFolder, `passphrase.${stack}`);
  return {
    stack,
    folder: dataFolder,
    state: join(dataFolder, "state"),
    // All local stacks share one passphrase until a stack gets its own.
    passphrase: existsSync(own) ? own : join(dataFolder, "passphrase"),
    settings: join(dataFolder, `Pulumi.${stack}.yaml`),
    link: join(root, `Pulumi.${stack}.yaml`),
  };
}

/** File of a passphrase that only this stack uses. */
export function ownPassphrase({ folder, stack }: LocalFiles): string {
  return join(folder, `passphrase.${stack}`);
}

/** Environment of the engine for local stacks. */
export function localEnvironment(files: LocalFiles): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: pathToFileURL(files.state).href,
    PULUMI_CONFIG_PASSPHRASE_FILE: files.passphrase,
  };
}

/**
 * Creates missing files: folders (0700), passphrase and settings (0600), the link in the checkout. Changes no existing
 * file.
 * @throws Failure if a state exists without its passphrase
 */
export function prepareLocalFiles(files: LocalFiles): void {
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  mkdirSync(files.state, { recursive: true, mode: 0o700 });
  if (!existsSync(files.passphrase)) {
    if (MACHINE_STACK_NAMES.some((stack) => hasState(files.state, PROJECT, stack))) {
      throw usage(
        `${files.passphrase} is missing, and the state in ${files.state} cannot be read without it; ` +
          `put it back, or remove ${files.folder} to start over (databases keep their volumes and old passwords)`,
      );
    }
    writeOnce(files.passphrase, `${randomBytes(32).toString("base64url")}\n`);
  }
  if (!existsSync(files.settings)) {
    writeOnce(files.settings, "");
  }
  linkSettings(files);
}

/** Creates or corrects the link to the settings. Keeps a regular file that an operator put into the checkout. */
function linkSettings({ link, settings }: LocalFiles): void {
  const current = lstatSync(link, { throwIfNoEntry: false });
  if (current?.isSymbolicLink() && readlinkSync(link) !== settings) {
    unlinkSync(link);
  } else if (current) {
    return;
  }
  symlinkSync(settings, link);
}

/** Creates a file with mode 0600. Two concurrent first runs do not overwrite each other's file. */
function writeOnce(path: string, content: string): void {
  try {
    const file = openSync(path, "wx", 0o600);
    try {
      writeSync(file, content);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
}

/** Secrets of these plans that must be generated and are missing from config. */
export function missingGenerated(
  plans: readonly Plan[],
  settings: StackSettings,
): (PlannedSecret & { system: string })[] {
  return plans.flatMap((plan) => {
    const missing = missingSecrets(plan, settings);
    return plan.secrets
      .filter(({ name, from }) => from === "generated" && missing.includes(name))
      .map((secret) => ({ ...secret, system: plan.system }));
  });
}
