import { execFileSync } from "node:child_process";

/** Where a build context comes from. */
export interface SourceRevision {
  /** The last commit that touched it; with "-dirty" when there are changes on top. */
  readonly revision: string;
  /** When that was, as ISO 8601. */
  readonly created: string;
}

/**
 * The commit that last changed one of these folders, not the newest one: labels that changed with every commit
 * would build every image again. `undefined` where there is no git history.
 */
export function sourceRevision(repoRoot: string, folders: readonly string[]): SourceRevision | undefined {
  try {
    const [revision, created] = git(repoRoot, "log", "-1", "--format=%H %cI", "--", ...folders).split(" ");
    if (!revision || !created) {
      return undefined;
    }
    const isDirty = git(repoRoot, "status", "--porcelain", "--", ...folders) !== "";
    return { revision: isDirty ? `${revision}-dirty` : revision, created };
  } catch {
    return undefined;
  }
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
