import { OPERATIONS, type Round, type Victim } from "./rounds";

export interface RoundResult extends Round {
  readonly number: number;
  /** What was killed, or undefined when the victim did not exist at that moment. */
  readonly killed?: string;
  /** Exit code of the operation. */
  readonly exit: number;
  /** From the end of the operation to a settled deployment. */
  readonly recoverySeconds: number;
  readonly violations: readonly string[];
}

export interface Campaign {
  readonly date: string;
  readonly commit: string;
  readonly seed: number;
  readonly results: readonly RoundResult[];
  readonly acknowledgedWrites: number;
  readonly refusedWrites: number;
  readonly volumeLooks: number;
}

/** The page `docs/…/campaign.md`. */
export function renderReport(campaign: Campaign): string {
  const { date, commit, seed, results } = campaign;
  const failed = results.filter(({ violations }) => violations.length > 0);
  const kills = results.filter(({ killed }) => killed !== undefined);
  const victims = [...new Set(results.map(({ victim }) => victim))].sort();
  const recoveries = results.map(({ recoverySeconds }) => recoverySeconds).sort((a, b) => a - b);
  const cell = (operation: string, victim: Victim) => {
    const here = kills.filter((one) => one.operation === operation && one.victim === victim);
    const bad = here.filter(({ violations }) => violations.length > 0).length;
    return here.length === 0 ? "" : bad === 0 ? String(here.length) : `${here.length} (${bad} failed)`;
  };
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    "# Fault campaign",
    "",
    "Written by `make campaign`; do not edit. Each round starts an operation on AI todo, kills something at a random moment,",
    "runs `longshore recover` and `longshore up`, and then checks: no acknowledged write is lost, at most one container runs",
    "on a volume, state equals machine, nothing is left behind, the current login works, replaced logins are refused, and",
    "no password is outside its file.",
    "",
    `${date}, commit ${commit}, seed ${seed}: ${results.length} rounds, ${kills.length} kills, ${failed.length} rounds with a violation.`,
    `${campaign.acknowledgedWrites} writes were acknowledged and ${campaign.refusedWrites} refused; Docker was asked ${campaign.volumeLooks} times which containers run on the volume.`,
    `From the end of an operation to a settled deployment: median ${at(recoveries, 0.5)} s, longest ${at(recoveries, 1)} s.`,
    "",
    row(["Operation", ...victims]),
    row(["---", ...victims.map(() => "---")]),
    ...OPERATIONS.map((operation) => row([operation, ...victims.map((victim) => cell(operation, victim))])),
    "",
    ...(failed.length === 0
      ? []
      : [
          "## Violations",
          "",
          ...failed.flatMap(({ number, operation, victim, moment, violations }) => [
            `- Round ${number}, ${operation}, ${victim} at ${moment}: ${violations.join("; ")}`,
          ]),
          "",
        ]),
  ].join("\n");
}

function at(sorted: readonly number[], quantile: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0).toFixed(1);
}
