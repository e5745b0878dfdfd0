import { execFileSync } from "node:child_process";

/** Where a build context comes from. */
export interface SourceRevision {
  /** The last commit that touched it; with "-dirty" when there are changes on top. */
  readonly revision: string;
  /** When that was, as ISO 8601. */
  readonly created: string;
}

/**
 * Finds the commit that last changed one of some folders, not the newest one: labels that changed with every commit
 * would build every image again. `undefined` where there is no git history.
 */
export function sourceHistory(repoRoot: string): (folders: readonly string[]) => SourceRevision | undefined {
  let changed: readonly string[] | undefined;
  return (folders) => {
    try {
      const [revision, created] = git(repoRoot, "log", "-1", "--format=%H %cI", "--", ...folders)
        .trim()
        .split(" ");
      if (!revision || !created) {
        return undefined;
      }
      changed ??= changedPaths(repoRoot);
      const isDirty = changed.some((path) => folders.some((folder) => path.startsWith(`${folder}/`)));
      return { revision: isDirty ? `${revision}-dirty` : revision, created };
    } catch {
      return undefined;
    }
  };
}

/** What differs from the newest commit, files that git does not know yet included. */
function changedPaths(repoRoot: string): string[] {
  const entries = git(repoRoot, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all");
  return entries.split("\0").map((entry) => entry.slice(3));
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
