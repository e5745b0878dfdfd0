import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { throwProblems, type Problem } from "../../base/problems";
import { parseStackFile } from "../../settings/file";
import { encryptionProblems, plainSecrets } from "../../settings/secret-settings";
import { repoRoot } from "../../tools/paths";
import { git } from "../support/other-commit";
import { committedStacks } from "../support/options";

const STACK_FILE = /^Pulumi\.(.+)\.yaml$/;

/**
 * Rejects plain-text secrets in the stack files of the checkout and in the commits to be merged. A value that a later
 * commit encrypts remains readable in the history.
 * @param against the commit that the branch is compared with
 * @throws ProblemsError
 */
export function requireEncrypted(against: string): void {
  const problems = [...inCheckout(), ...inCommits(repoRoot(), against)];
  throwProblems("secrets in plain text", problems);
}

function inCheckout(): Problem[] {
  return committedStacks().flatMap((stack) => {
    const name = `Pulumi.${stack}.yaml`;
    const file = join(repoRoot(), name);
    const content = existsSync(file) ? readFileSync(file, "utf8") : "";
    return encryptionProblems(parseStackFile(content, stack, file).values, stack).map((problem) => ({
      ...problem,
      path: `${name}: ${problem.path}`,
    }));
  });
}

/** Plain-text secrets in the commits that HEAD has and `against` does not. */
export function inCommits(root: string, against: string): Problem[] {
  const { stdout, status } = git(root, "rev-list", `${against}..HEAD`, "--", ":(glob)Pulumi.*.yaml");
  const commits = status === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
  const seen = new Set<string>();
  return commits.toReversed().flatMap((commit) => {
    const list = git(root, "diff-tree", "--no-commit-id", "--name-only", "-r", "-m", "--root", commit);
    const names = [...new Set(list.stdout.split("\n"))].filter((name) => STACK_FILE.test(name));
    return names.flatMap((name): Problem[] => {
      const stack = STACK_FILE.exec(name)?.[1] ?? "";
      const shown = git(root, "show", `${commit}:${name}`);
      return (shown.status === 0 ? plainPaths(shown.stdout, stack, name) : [])
        .map((path) => `${name}: ${path.join(".")}`)
        .filter((path) => !seen.has(path) && seen.add(path))
        .map((path) => ({
          path,
          message: `expected an encrypted value, got plain text in commit ${commit.slice(0, 10)}`,
          fix: "replace the value where it was issued, encrypt the new one, and squash the commits before they are merged",
        }));
    });
  });
}

function plainPaths(content: string, stack: string, name: string): string[][] {
  try {
    return plainSecrets(parseStackFile(content, stack, name).values);
  } catch {
    // The engine could not parse such a file either.
    return [];
  }
}
