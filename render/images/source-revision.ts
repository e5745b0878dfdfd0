import { execFileSync } from "node:child_process";

/** The revision of a build context. */
export interface SourceRevision {
  /** The last commit that changed it, with "-dirty" if there are uncommitted changes. */
  readonly revision: string;
  /** Time of that commit, as ISO 8601. */
  readonly created: string;
}

/**
 * Returns a function that finds the last commit that changed given folders. The newest commit would not do: labels that
 * change with every commit would rebuild every image. `undefined` without git history.
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

/** Returns the paths with uncommitted changes, including untracked files. */
function changedPaths(repoRoot: string): string[] {
  const entries = git(repoRoot, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all");
  return entries.split("\0").map((entry) => entry.slice(3));
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
