import { join } from "node:path";
import { ProblemsError } from "../../base/problems";
import { machineStack } from "../../settings/machine-stacks";
import { DISK, draftOf, replaceFile } from "../../tools/files";
import { dataDir, repoRoot } from "../../tools/paths";
import { ConfigCopies, highestGenerations } from "../config/copies";
import { configFromHistory } from "../config/history";
import { readState } from "../secrets/deployed-generations";
import { localFiles, missingGenerated } from "../engine/local-stack";
import { lostSecrets } from "../secrets/lost";
import type { OpenConfig } from "../engine/open-config";
import { Failure } from "../support/failure";
import { loadPlans, settingsFolder } from "../support/plans";
import { PROJECT } from "../support/project";
import type { Finding, Recoverer, RecoveryContext } from "./types";

/** Content that can replace a lost stack file. */
interface Candidate {
  readonly content: string;
  readonly from: string;
}

/** Recoverer that restores a lost, truncated or damaged stack file of a local stack. */
export function stackFile({ stack, open }: RecoveryContext): Recoverer {
  return {
    find: async () => {
      if (!machineStack(stack)) {
        return []; // Other stack files can be restored from Git.
      }
      const file = join(settingsFolder(stack), `Pulumi.${stack}.yaml`);
      const candidate = candidatesOf(stack)[0];
      const damage = candidate && (await damageOf(stack, open));
      return damage === undefined || candidate === undefined
        ? []
        : [finding(stack, file, damage, candidate, open)];
    },
  };
}

function finding(
  stack: string,
  file: string,
  damage: string,
  candidate: Candidate,
  open: RecoveryContext["open"],
): Finding {
  return {
    id: "stack-file",
    title: `The settings and secrets of stack ${stack} were lost`,
    detail: `${file}: ${damage}. Stores know the values of the earlier content.`,
    action: `replace the file with ${candidate.from}; its present content is kept as a copy`,
    apply: async () => {
      const copies = new ConfigCopies(stack);
      const opened = await open();
      for (const { content } of candidatesOf(stack)) {
        if (await canDecrypt(opened, content)) {
          copies.keep(DISK.read(file) ?? "");
          copies.keep(content);
          replaceFile(file, content);
          return;
        }
      }
      throw new Failure(
        `${file}: no copy can be decrypted with the passphrase of stack ${stack}; put the passphrase of the copies back`,
      );
    },
  };
}

/** Candidates in order of preference: the best copy, the other copies, the stack file of the last deployment. */
function candidatesOf(stack: string): Candidate[] {
  const copies = new ConfigCopies(stack);
  const all = copies.all().filter((copy) => highestGenerations([copy], stack).size > 0);
  const best = copies.best();
  const ordered = [
    ...all.filter(({ path }) => path === best?.path),
    ...all.filter(({ path }) => path !== best?.path),
  ];
  const { state } = localFiles(dataDir(), repoRoot(), stack);
  const history = configFromHistory(state, PROJECT, stack);
  return [
    ...ordered.map(({ content, path }) => ({ content, from: `the copy ${path}` })),
    ...(history === undefined ? [] : [{ content: history, from: "the config of the last deployment" }]),
  ];
}

/** Describes the damage of the stack file. @default - no damage that an earlier version would repair */
async function damageOf(stack: string, open: RecoveryContext["open"]): Promise<string | undefined> {
  let loaded: ReturnType<typeof loadPlans>;
  try {
    loaded = loadPlans(stack);
  } catch (error) {
    const isUnreadable = error instanceof ProblemsError && error.problems.some(({ path }) => path === "file");
    return isUnreadable ? "expected a stack file, got something that is not YAML" : undefined;
  }
  const missing = missingGenerated(loaded.plans, loaded.settings);
  if (missing.length === 0) {
    return undefined;
  }
  const lost = lostSecrets(missing, stack, {
    state: await readState(await open()),
    copies: new ConfigCopies(stack).all(),
    secretsSet: loaded.settings.secretsSet,
  });
  const names = lost.map(({ system, name }) => `${system}.${name}`);
  return names.length > 0 ? `expected the values of ${names.join(", ")}, got none` : undefined;
}

/** Whether the stack's passphrase decrypts the secrets of a content. */
async function canDecrypt({ command, workDir, env, stack }: OpenConfig, content: string): Promise<boolean> {
  const file = draftOf(join(dataDir(), `Pulumi.${stack}.yaml`));
  try {
    DISK.create(file, content, 0o600);
    const args = ["config", "--show-secrets", "--json", "--stack", stack, "--config-file", file];
    await command.run(args, { cwd: workDir, env });
    return true;
  } catch {
    return false;
  } finally {
    DISK.remove(file);
  }
}
