import type { Sample } from "./load";
import { OPERATIONS, type Operation } from "./rounds";
import type { PartUse, Use } from "./use";

export interface SoakResult {
  readonly date: string;
  readonly commit: string;
  readonly minutes: number;
  /** Requests per second. */
  readonly rate: number;
  readonly cores: number;
  /** Mean of the machine's load average, other programs included. */
  readonly machineLoad: number;
  /** How often each operation ran. */
  readonly counts: Readonly<Partial<Record<Operation, number>>>;
  readonly samples: readonly Sample[];
  readonly uses: readonly Use[];
  /** Operations that failed. */
  readonly failures: readonly string[];
}

/** Time until caches, pools and interpreters have their usual size, in minutes. */
const WARM_MINUTES = 5;

/** The page `docs/maintainers/soak.md`. */
export function renderSoak(result: SoakResult): string {
  const { date, commit, minutes, rate, cores, machineLoad, counts, samples, uses, failures } = result;
  const failed = samples.filter(({ failure }) => failure !== undefined).length;
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const phases = ["nothing", ...OPERATIONS].filter((phase) => samples.some((one) => one.phase === phase));
  return [
    "# Soak",
    "",
    "Written by `make soak`; do not edit. AI todo gets requests at a fixed rate, each on a connection of its own, while",
    "rollouts, rotations, restarts and backups run in turn, 20 s apart, on a Docker daemon of the soak's own. A request",
    "counts for the operation during which it was sent, and fails when it is not answered as expected within 15 s.",
    "The database has one replica: its restart is downtime, and requests that wait for it may fail.",
    "",
    `${date}, commit ${commit}: ${minutes.toFixed(0)} minutes at ${rate} requests per second, ${samples.length} requests, ${failed} failed.`,
    `The machine has ${cores} cores, which other programs used too; its load average was ${machineLoad.toFixed(1)}.`,
    failures.length === 0 ? "No operation failed." : `Failed operations: ${failures.join("; ")}`,
    "",
    row(["During", "Times", "Requests", "Failed", "Median ms", "95 % ms", "99 % ms"]),
    row(["---", "---:", "---:", "---:", "---:", "---:", "---:"]),
    ...phases.map((phase) => {
      const here = samples.filter((one) => one.phase === phase);
      const times = here.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
      const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(0);
      const bad = here.filter(({ failure }) => failure !== undefined).length;
      return row([phase, counts[phase as Operation] ?? "", here.length, bad, at(0.5), at(0.95), at(0.99)]);
    }),
    "",
    ...failureLines(samples),
    `Use of memory (proportional set size), open file descriptors and logs, after ${WARM_MINUTES} minutes and at the end:`,
    "",
    row(["Part", "MB then", "MB at the end", "Descriptors then", "At the end", "Log MB at the end"]),
    row(["---", "---:", "---:", "---:", "---:", "---:"]),
    ...useRows(uses).map(row),
    "",
  ].join("\n");
}

function failureLines(samples: readonly Sample[]): string[] {
  const counts = new Map<string, number>();
  for (const { phase, failure } of samples) {
    if (failure !== undefined) {
      counts.set(`${phase}: ${failure}`, (counts.get(`${phase}: ${failure}`) ?? 0) + 1);
    }
  }
  const lines = [...counts].sort(([, a], [, b]) => b - a).slice(0, 12);
  return lines.length === 0
    ? []
    : ["Failures:", "", ...lines.map(([text, times]) => `- ${times} × ${text}`), ""];
}

function useRows(uses: readonly Use[]): (string | number)[][] {
  const warm = uses.find(({ minute }) => minute >= WARM_MINUTES) ?? uses[0];
  const last = uses.at(-1);
  const names = [...new Set([...Object.keys(warm?.parts ?? {}), ...Object.keys(last?.parts ?? {})])].sort();
  const megabytes = (part: PartUse | undefined, of: "memoryBytes" | "logBytes") =>
    part?.[of] === undefined ? "" : (part[of] / 1e6).toFixed(1);
  return names.map((name) => {
    const [then, now] = [warm?.parts[name], last?.parts[name]];
    return [
      name,
      megabytes(then, "memoryBytes"),
      megabytes(now, "memoryBytes"),
      then?.descriptors ?? "",
      now?.descriptors ?? "",
      megabytes(now, "logBytes"),
    ];
  });
}
