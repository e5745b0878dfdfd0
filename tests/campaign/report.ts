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

/** The page `docs/maintainers/campaign.md`: the results of one or more campaigns. */
export function renderReport(campaigns: readonly Campaign[]): string {
  const results = campaigns.flatMap((campaign) => campaign.results);
  const failed = results.filter(({ violations }) => violations.length > 0);
  const kills = results.filter(({ killed }) => killed !== undefined);
  const victims = [...new Set(results.map(({ victim }) => victim))].sort();
  const recoveries = results.map(({ recoverySeconds }) => recoverySeconds).sort((a, b) => a - b);
  const sum = (of: (campaign: Campaign) => number) => campaigns.reduce((total, one) => total + of(one), 0);
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
    "runs `longshore recover` and `longshore up` (`down --volumes` after `destroy`), and then checks:",
    "",
    "- no acknowledged write is lost; at most one container runs on a volume at any time",
    "- state equals machine: a preview shows no change, every service runs and is healthy",
    "- nothing is left behind: containers, networks, volumes, databases, releases, temporary files, locks, incomplete dumps",
    "- all three logins of the database (application, migration, administrator) work, and replaced ones are refused",
    "- no password is in output, logs, state, the settings of containers, or a file other than its own",
    "",
    "The campaign runs in namespaces of its own with a Docker daemon of its own, which it kills too and which then restarts",
    "after two seconds. `create` and `destroy` are the first `up` and the `down --volumes` of a second installation.",
    "",
    ...campaigns.map(
      ({ date, commit, seed, results: own }) =>
        `- ${date}, commit ${commit}, seed ${seed}: ${own.length} rounds, ${own.filter((one) => one.killed !== undefined).length} kills, ` +
        `${own.filter(({ violations }) => violations.length > 0).length} rounds with a violation`,
    ),
    "",
    `Together: ${results.length} rounds, ${kills.length} kills, ${failed.length} rounds with a violation.`,
    `${sum((one) => one.acknowledgedWrites)} writes were acknowledged and ${sum((one) => one.refusedWrites)} refused; ` +
      `Docker was asked ${sum((one) => one.volumeLooks)} times which containers run on the volume.`,
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
          ...campaigns.flatMap(({ seed, results: own }) =>
            own
              .filter(({ violations }) => violations.length > 0)
              .map(
                ({ number, operation, victim, moment, violations }) =>
                  `- Seed ${seed}, round ${number}, ${operation}, ${victim} at ${moment}: ${violations.join("; ")}`,
              ),
          ),
          "",
        ]),
  ].join("\n");
}

function at(sorted: readonly number[], quantile: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0).toFixed(1);
}
