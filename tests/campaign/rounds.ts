import fc from "fast-check";

/** What a round runs while something is killed. */
export type Operation =
  | "up-without-change"
  | "up-with-change"
  | "restart-database"
  | "restart-backend"
  | "rotate-application-password"
  | "rotate-administrator-password"
  | "rotate-migration-password"
  | "backup"
  | "restore"
  | "down-and-up"
  /** The first `up` of a second installation. */
  | "create"
  /** `down --volumes` of the second installation. */
  | "destroy";

/**
 * What is killed. `interrupt` is Ctrl-C: SIGINT to the terminal's process group. `docker-client` is a docker command
 * that the operation runs. Everything else ends by SIGKILL, except `cli-terminate` (SIGTERM).
 */
export type Victim =
  | "cli"
  | "cli-terminate"
  | "interrupt"
  | "engine"
  | "provider"
  | "docker-client"
  | "database"
  | "backend"
  | "frontend"
  | "edge"
  | "dockerd"
  | "containerd";

export interface Round {
  readonly operation: Operation;
  readonly victim: Victim;
  /** When the victim is killed, as a share of the operation's usual duration: 0 to 1. */
  readonly moment: number;
}

export const OPERATIONS: readonly Operation[] = [
  "up-without-change",
  "up-with-change",
  "restart-database",
  "restart-backend",
  "rotate-application-password",
  "rotate-administrator-password",
  "rotate-migration-password",
  "backup",
  "restore",
  "down-and-up",
  "create",
  "destroy",
];

const VICTIMS: readonly Victim[] = [
  "cli",
  "cli-terminate",
  "interrupt",
  "engine",
  "provider",
  "docker-client",
  "database",
  "backend",
  "frontend",
  "edge",
];

/** Killing these concerns every container of the machine, so they require a Docker daemon of the campaign's own. */
const DAEMONS: readonly Victim[] = ["dockerd", "containerd"];

/** Draws the rounds of a campaign: the same seed gives the same rounds. */
export function drawRounds(
  count: number,
  seed: number,
  { ownDaemon }: { readonly ownDaemon: boolean },
): Round[] {
  const victims = ownDaemon ? [...VICTIMS, ...DAEMONS] : VICTIMS;
  const round = fc.record({
    operation: fc.constantFrom(...OPERATIONS),
    victim: fc.constantFrom(...victims),
    // Without the bias of fast-check towards the ends: every moment is as likely as another.
    moment: fc.noBias(fc.integer({ min: 0, max: 1000 })).map((thousandths) => thousandths / 1000),
  });
  return fc.sample(round, { numRuns: count, seed });
}
