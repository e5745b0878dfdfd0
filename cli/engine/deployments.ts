import type { OpenConfig } from "./stack";

/** One entry of a stack's history, as `pulumi stack history --json` writes it. */
export interface HistoryEntry {
  readonly kind: string;
  readonly result: string;
  readonly startTime: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A commit that was deployed whole, and when. */
export interface DeployedCommit {
  readonly commit: string;
  /** ISO time. */
  readonly at: string;
}

/** As many as are read: enough to go back from a row of failures. */
const PAGE = 100;

/** What was deployed on a stack, the newest first, as the engine remembers it. */
export async function historyOf({ command, workDir, env, stack }: OpenConfig): Promise<HistoryEntry[]> {
  const args = ["stack", "history", "--json", "--page-size", String(PAGE), "--stack", stack];
  const { stdout } = await command.run(args, { cwd: workDir, env });
  return JSON.parse(stdout) as HistoryEntry[];
}

/**
 * The commit to go back to: the one before the running one or, when the last deployment failed, the last that did not.
 * Going back is itself a deployment; doing so again leads one further back, not forward.
 * @param history the newest first
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
    // What lay in the working tree beside the commit is in no history.
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
