/** A container of one service, reduced to what a rollout decides by. */
export interface Seen {
  readonly id: string;
  /** Made from what is deployed now. */
  readonly isCurrent: boolean;
  readonly condition: Condition;
  /** Clients find it. */
  readonly isAdmitted: boolean;
  /** Told to stop, and not seen to exit yet: it does not count, however healthy it looks. */
  readonly isStopping: boolean;
  /** Milliseconds since 1970 of its last start; 0 when it was never started. */
  readonly started: number;
}

/** `dead`: Docker cannot start it again. */
export type Condition =
  "healthy" | "starting" | "paused" | "failing" | "removing" | "stopped" | "created" | "dead";

/** The next step of a rollout. Every step is safe to be killed in: the next run decides by what it sees. */
export type Step =
  | { readonly do: "create" }
  /** Start it where needed, wait until it is ready, let clients find it. `hidden`: not before. */
  | { readonly do: "prepare"; readonly id: string; readonly hidden: boolean }
  /** Stop, and see that they exited. */
  | { readonly do: "stop"; readonly ids: readonly string[] }
  /** Stop and remove. */
  | { readonly do: "retire"; readonly ids: readonly string[] }
  | { readonly do: "nothing" };

/** What takes back a rollout that failed or was interrupted: first `retire`, then `start`. */
export interface Undo {
  readonly retire: readonly string[];
  readonly start: readonly string[];
}

/** Best first: the order in which containers are kept. */
const PREFERENCE: Readonly<Record<Condition, number>> = {
  healthy: 0,
  starting: 1,
  paused: 2,
  failing: 3,
  stopped: 4,
  created: 5,
  removing: 6,
  dead: 7,
};

export function isReady({ isCurrent, condition, isAdmitted, isStopping }: Seen): boolean {
  return isCurrent && condition === "healthy" && isAdmitted && !isStopping;
}

/** Has processes, or gets them again by itself. */
export function hasProcesses({ condition }: Seen): boolean {
  return condition !== "stopped" && condition !== "created" && condition !== "dead";
}

/** Serves, or may soon: not one of those that are on their way out. */
function mayServe(one: Seen): boolean {
  return hasProcesses(one) && !one.isStopping && one.condition !== "removing";
}

function isUsable({ isCurrent, isStopping, condition }: Seen): boolean {
  return isCurrent && !isStopping && condition !== "dead" && condition !== "removing";
}

/** Those that serve come first, then by condition; what was told to stop last; the oldest first among equals. */
function byPreference(seen: readonly Seen[]): Seen[] {
  const rank = (one: Seen) => {
    const isServing = one.condition === "healthy" && one.isAdmitted;
    return one.isStopping ? Infinity : isServing ? -1 : PREFERENCE[one.condition];
  };
  return [...seen].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

const idsOf = (seen: readonly Seen[]): string[] => seen.map(({ id }) => id);

/**
 * The next step for a service of which several containers may run: a new one is ready before an old one goes, one
 * after the other. `seen` is in the order of creation.
 */
export function nextStartFirst(seen: readonly Seen[], wanted: number): Step {
  const ready = seen.filter(isReady);
  const old = seen.filter(({ isCurrent }) => !isCurrent);
  if (ready.length >= wanted) {
    const kept = ready.slice(0, wanted);
    const rest = seen.filter((one) => !kept.includes(one));
    return rest.length === 0 ? { do: "nothing" } : { do: "retire", ids: idsOf(rest) };
  }
  if (ready.length > 0 && old.length > wanted - ready.length) {
    // Those that serve least first.
    const worst = byPreference(old).slice(-1);
    return { do: "retire", ids: idsOf(worst) };
  }
  const candidate = byPreference(seen.filter((one) => isUsable(one) && !isReady(one)))[0];
  if (!candidate) {
    return { do: "create" };
  }
  const hidden = seen.some((one) => one !== candidate && mayServe(one));
  return { do: "prepare", id: candidate.id, hidden };
}

/**
 * Takes back what a rollout made when `failed` did not become ready, or the rollout was interrupted. A new container is
 * removed only where another one serves or may recover, so that otherwise its log can be read. No other container is
 * touched: a new version that fails is no reason to remove the old one, however unhealthy that looks at the moment.
 */
export function undoStartFirst(
  seen: readonly Seen[],
  created: ReadonlySet<string>,
  failed: string | undefined,
): Undo {
  // One that clients never found is the rest of a rollout, of this one or of one that was killed.
  const isOurs = ({ id, isAdmitted }: Seen) => created.has(id) || (id === failed && !isAdmitted);
  const begun = seen.filter((one) => isOurs(one) && !isReady(one));
  const remains = seen.some((one) => !begun.includes(one) && mayServe(one));
  return { retire: remains ? idsOf(begun) : [], start: [] };
}

/** The next step for a service whose containers must not run beside each other: they hold a volume or a port. */
export function nextStopFirst(seen: readonly Seen[], wanted: number): Step {
  const stopping = seen.filter((one) => one.isStopping && hasProcesses(one));
  if (stopping.length > 0) {
    return { do: "stop", ids: idsOf(stopping) };
  }
  const kept = keptOf(seen, wanted);
  if (kept.length < wanted) {
    // Before anything stops, so that the gap is short.
    return { do: "create" };
  }
  const others = seen.filter((one) => !kept.includes(one));
  const running = others.filter(hasProcesses);
  if (running.length > 0) {
    return { do: "stop", ids: idsOf(running) };
  }
  const candidate = kept.find((one) => !isReady(one));
  if (candidate) {
    return { do: "prepare", id: candidate.id, hidden: false };
  }
  return others.length === 0 ? { do: "nothing" } : { do: "retire", ids: idsOf(others) };
}

/** The containers that will serve once the rollout is done: those that run already, if any do. */
function keptOf(seen: readonly Seen[], wanted: number): Seen[] {
  return byPreference(seen.filter(isUsable)).slice(0, wanted);
}

/**
 * Back to the containers that ran before: those that run still, or else the ones that ran last. Where there are none,
 * the new container stays, so that its log can be read.
 */
export function undoStopFirst(seen: readonly Seen[], created: ReadonlySet<string>, wanted: number): Undo {
  const kept = keptOf(seen, wanted);
  if (kept.length === wanted && kept.every(isReady)) {
    return { retire: [], start: [] };
  }
  const others = seen.filter((one) => !kept.includes(one));
  if (others.some(mayServe)) {
    // What never started holds nothing; what runs is not touched.
    const unused = kept.filter(({ id, condition }) => created.has(id) && condition === "created");
    return { retire: idsOf(unused), start: [] };
  }
  const previous = others
    .filter(({ condition, started }) => condition === "stopped" && started > 0)
    .sort((a, b) => b.started - a.started)
    .slice(0, Math.max(1, wanted));
  return previous.length === 0 ? { retire: [], start: [] } : { retire: idsOf(kept), start: idsOf(previous) };
}
