import type { OpenConfig } from "./open-config";

/** One entry of a stack's history, as `pulumi stack history --json` writes it. */
export interface HistoryEntry {
  readonly kind: string;
  readonly result: string;
  readonly startTime: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A successfully deployed commit and its time. */
export interface DeployedCommit {
  readonly commit: string;
  /** ISO time. */
  readonly at: string;
}

/** Number of history entries to read. Allows a rollback after many failed deployments. */
const PAGE = 100;

/** Deployment history of a stack from the engine, newest first. */
export async function historyOf({ command, workDir, env, stack }: OpenConfig): Promise<HistoryEntry[]> {
  const args = ["stack", "history", "--json", "--page-size", String(PAGE), "--stack", stack];
  const { stdout } = await command.run(args, { cwd: workDir, env });
  return JSON.parse(stdout) as HistoryEntry[];
}

/**
 * The commit to roll back to. After a failed deployment this is the last successful one, otherwise the one before the
 * current one. A rollback is itself a deployment; repeated rollbacks go further back.
 * @param history newest first
 */
export function commitBefore(history: readonly HistoryEntry[]): DeployedCommit | undefined {
  const updates = history.filter(({ kind }) => kind === "update" || kind === "destroy");
  const line: (DeployedCommit & { isWhole: boolean })[] = [];
  for (const { kind, result, startTime, environment = {} } of updates.toReversed()) {
    const commit = environment["git.head"];
    if (result !== "succeeded" || (kind === "update" && !commit)) {
      continue;
    }
    if (kind === "destroy" || !commit) {
      line.length = 0;
      continue;
    }
    // The history does not contain uncommitted changes of the working tree.
    const isWhole = environment["git.dirty"] !== "true";
    const known = line.findIndex((one) => one.isWhole && isWhole && one.commit === commit);
    line.splice(known < 0 ? line.length : known);
    line.push({ commit, at: startTime, isWhole });
  }
  const hasFailed = updates[0] !== undefined && updates[0].result !== "succeeded";
  const candidates = (hasFailed ? line : line.slice(0, -1)).filter(({ isWhole }) => isWhole);
  const found = candidates.at(-1);
  return found && { commit: found.commit, at: found.at };
}
