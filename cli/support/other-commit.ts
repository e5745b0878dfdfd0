import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repoRoot } from "../../tools/paths";
import { Failure } from "./failure";

/** Resolves a reference to a commit. Undefined if this clone does not contain it. */
export function commitOf(ref: string): string | undefined {
  const { status, stdout } = git(repoRoot(), "rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  return status === 0 ? stdout.trim() : undefined;
}

/** Describes a commit: `4f2c1a0 of 2026-11-20: Raise the limit` */
export function describeCommit(commit: string): string {
  return git(repoRoot(), "show", "--no-patch", "--format=%h of %cs: %s", commit).stdout.trim();
}

/**
 * Checks out another commit, with its history, in a temporary folder while work runs. Uses the packages installed
 * here, or the commit's own if its dependencies differ.
 */
export async function withCommit<T>(commit: string, work: (folder: string) => Promise<T>): Promise<T> {
  const root = repoRoot();
  const outer = mkdtempSync(join(tmpdir(), "longshore-commit-"));
  const folder = join(outer, "longshore");
  try {
    const added = git(root, "worktree", "add", "--quiet", "--detach", folder, commit);
    if (added.status !== 0) {
      throw new Failure(`commit ${commit} cannot be checked out: ${added.stderr.trim()}`);
    }
    const lock = "package-lock.json";
    if (readFileSync(join(root, lock), "utf8") === readFileSync(join(folder, lock), "utf8")) {
      linkPackages(join(root, "node_modules"), join(folder, "node_modules"));
    } else {
      const installed = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
        cwd: folder,
        encoding: "utf8",
      });
      if (installed.status !== 0) {
        throw new Failure(
          `the packages of commit ${commit} cannot be installed:\n${installed.stderr.trim()}`,
        );
      }
    }
    return await work(folder);
  } finally {
    git(root, "worktree", "remove", "--force", folder);
    rmSync(outer, { recursive: true, force: true });
  }
}

/** Links packages one by one, so that caches that the other commit writes beside them are deleted with its folder. */
export function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from).filter((entry) => entry !== ".cache")) {
    symlinkSync(join(from, name), join(to, name));
  }
}

/** Runs git in a folder. */
export function git(cwd: string, ...args: string[]) {
  return spawnSync("git", args, { cwd, encoding: "utf8" });
}
