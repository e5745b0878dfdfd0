import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseValueName } from "../../catalog/generations";
import { repoRoot } from "../../tools/paths";
import { InexactYamlError, parseYaml } from "../../yaml/read";
import { yamlText } from "../../yaml/write";
import { EXIT, Failure } from "../support/failure";
import { git } from "../support/other-commit";

/** Stack file keys that are needed to decrypt its values. */
const ENCRYPTION = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;
const SECRETS = "longshore:secrets";
const GENERATIONS = "longshore:generations";

interface StackFile {
  config?: Record<string, unknown>;
  [key: string]: unknown;
}
type BySystem = Record<string, Record<string, unknown> | undefined>;

/**
 * Copies the current secrets into the stack file of an older commit, limited to those that the commit declares.
 * Otherwise a rollback would reactivate a rotated value that may have leaked.
 *
 * @param folder checkout of the older commit
 * @throws Failure if the commit's secrets cannot be determined
 */
export function keepSecrets(folder: string, stack: string): void {
  const name = `Pulumi.${stack}.yaml`;
  const today = readStackFile(join(repoRoot(), name));
  const then = readStackFile(join(folder, name));
  const known = secretsOf(folder, stack);
  const kept: StackFile = { ...then, config: { ...then.config } };
  for (const key of ENCRYPTION) {
    // A missing key is significant: a passphrase has a salt, a KMS key has none.
    Reflect.deleteProperty(kept, key);
    Object.assign(kept, key in today && { [key]: today[key] });
  }
  for (const key of [SECRETS, GENERATIONS]) {
    const values = only((today.config?.[key] ?? {}) as BySystem, known);
    kept.config = { ...kept.config, [key]: values };
  }
  // Hides the change from git, so that the engine does not record the deployed commit as dirty.
  const marked = git(folder, "update-index", "--assume-unchanged", name);
  if (marked.status !== 0) {
    throw new Failure(`git update-index: ${marked.stderr.trim()}`, EXIT.failed);
  }
  writeFileSync(join(folder, name), yamlText(kept));
}

function readStackFile(path: string): StackFile {
  try {
    return (parseYaml(readFileSync(path, "utf8")) ?? {}) as StackFile;
  } catch (error) {
    if (error instanceof InexactYamlError) {
      // Values may be secrets, so only their paths are shown.
      const paths = error.problems.map((problem) => problem.path).join(", ");
      throw new Failure(
        `${path}: values that YAML parsers read differently: ${paths}; write them in quotes`,
        EXIT.usage,
      );
    }
    throw error;
  }
}

/** Keeps only secrets that the older commit declares. Its validation would reject others as unknown. */
function only(values: BySystem, known: ReadonlyMap<string, ReadonlySet<string>>): BySystem {
  return Object.fromEntries(
    [...known].map(([system, secrets]) => [
      system,
      Object.fromEntries(
        Object.entries(values[system] ?? {}).filter(([entry]) =>
          secrets.has(parseValueName(entry)?.secret ?? ""),
        ),
      ),
    ]),
  );
}

/** Names of secrets, and of pairs that share a generation, by system. */
function secretsOf(folder: string, stack: string): Map<string, Set<string>> {
  const args = ["secrets", "list", "--stack", stack, "--json"];
  const { status, stdout, stderr } = spawnSync(join(folder, "bin", "longshore"), args, {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) {
    throw new Failure(`the secrets of that commit cannot be listed:\n${stderr.trim()}`, EXIT.failed);
  }
  const { secrets } = JSON.parse(stdout) as { secrets: { system: string; name: string }[] };
  const found = new Map<string, Set<string>>();
  for (const { system, name } of secrets) {
    const names = found.get(system) ?? new Set();
    found.set(system, names.add(name).add(name.replace(/-(certificate|key)$/, "")));
  }
  return found;
}
