import { formatSeconds } from "../support/terminal";

/** Result of a rehearsal. */
export interface Rehearsal {
  readonly system: string;
  readonly store: string;
  readonly file: string;
  readonly rows?: number;
  /** Jobs that ran on the restored data, such as migrations. */
  readonly jobs: readonly string[];
  /** Age of the dump in seconds: the data that a loss now would lose (RPO). */
  readonly ageSeconds: number;
  /** Duration of the rehearsal in seconds, until the restored datastore is healthy (RTO). */
  readonly seconds: number;
}

export interface FailedRehearsal {
  readonly system: string;
  readonly store: string;
  readonly message: string;
}

/** Renders rehearsals as Markdown, for the summary of a workflow's run. */
export function rehearsalSummary(
  stack: string,
  rehearsals: readonly Rehearsal[],
  failed: readonly FailedRehearsal[],
): string {
  const rows = rehearsals.map(({ system, store, file, rows: count, jobs, seconds, ageSeconds }) => [
    `${system}/${store}`,
    file,
    count === undefined ? "" : String(count),
    jobs.join(", "),
    formatSeconds(seconds),
    formatSeconds(ageSeconds),
  ]);
  const broken = failed.map(({ system, store, message }) => [
    `${system}/${store}`,
    `**failed**: ${cell(message)}`,
    ...["", "", "", ""],
  ]);
  const head = ["datastore", "dump", "rows or keys", "jobs", "time (RTO)", "age of the dump (RPO)"];
  const lines = [head, head.map(() => "---"), ...rows, ...broken].map((cells) => `| ${cells.join(" | ")} |`);
  return [`## Restores of stack ${stack}, rehearsed`, "", ...lines, "", ""].join("\n");
}

/** Makes a text safe in a cell of a Markdown table. */
function cell(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|]/g, (character) => `\\${character}`)
    .split("\n")
    .map((line) => line.trim())
    .join(" · ");
}
