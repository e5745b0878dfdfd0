/** The properties of a container that a rollout decides by. */
export interface Seen {
  readonly id: string;
  /** Whether the container was created from the current release. */
  readonly isCurrent: boolean;
  readonly condition: Condition;
  /** Whether clients can resolve the container by its service name. */
  readonly isAdmitted: boolean;
  /**
   * Whether the container was told to stop and its exit was not yet observed. Such a container does not count as
   * serving, even if it reports healthy.
   */
  readonly isStopping: boolean;
  /** Time of the last start, in milliseconds since 1970; 0 if the container was never started. */
  readonly started: number;
}

/** Condition of a container. `dead`: Docker cannot start it again. */
export type Condition =
  "healthy" | "starting" | "paused" | "failing" | "removing" | "stopped" | "created" | "dead";

/** The next step of a rollout. Every step tolerates a kill: the next run decides from the containers that exist. */
export type Step =
  | { readonly do: "create" }
  /**
   * Starts the container if needed, waits until it is ready and connects it to its clients. `hidden`: disconnects it
   * from clients until then.
   */
  | { readonly do: "prepare"; readonly id: string; readonly hidden: boolean }
  /** Stops containers and waits until they have exited. */
  | { readonly do: "stop"; readonly ids: readonly string[] }
  /** Stops and removes containers. */
  | { readonly do: "retire"; readonly ids: readonly string[] }
  | { readonly do: "nothing" };

/** Steps that undo a failed or interrupted rollout: first `retire`, then `start`. */
export interface Undo {
  readonly retire: readonly string[];
  readonly start: readonly string[];
}

/** Order in which containers are kept, best first. */
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

/** Whether the container has processes or will be restarted by Docker. */
export function hasProcesses({ condition }: Seen): boolean {
  return condition !== "stopped" && condition !== "created" && condition !== "dead";
}

/** Whether the container serves or may become ready. Excludes containers that are stopping. */
function mayServe(one: Seen): boolean {
  return hasProcesses(one) && !one.isStopping && one.condition !== "removing";
}

function isUsable({ isCurrent, isStopping, condition }: Seen): boolean {
  return isCurrent && !isStopping && condition !== "dead" && condition !== "removing";
}

/** Sorts containers: serving ones first, then by condition, stopping ones last, oldest first among equals. */
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
 * Next step for a service of which several containers may run. Replaces one container after the other: the new one is
 * ready before the old one stops.
 * @param seen in order of creation
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
    // The container least likely to serve is stopped first.
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
 * Undoes a rollout that was interrupted or whose container `failed` did not become ready. Removes a new container only
 * if another one serves or may recover; otherwise the new one stays so that its log can be read. Touches no other
 * container, because a failed new version is no reason to remove the old one, even while the old one is unhealthy.
 */
export function undoStartFirst(
  seen: readonly Seen[],
  created: ReadonlySet<string>,
  failed: string | undefined,
): Undo {
  // A container that was never admitted to clients is the remainder of this rollout or of a killed one.
  const isOurs = ({ id, isAdmitted }: Seen) => created.has(id) || (id === failed && !isAdmitted);
  const begun = seen.filter((one) => isOurs(one) && !isReady(one));
  const remains = seen.some((one) => !begun.includes(one) && mayServe(one));
  return { retire: remains ? idsOf(begun) : [], start: [] };
}

/** Next step for a service whose containers must not run side by side, because they use a volume or a host port. */
export function nextStopFirst(seen: readonly Seen[], wanted: number): Step {
  const stopping = seen.filter((one) => one.isStopping && hasProcesses(one));
  if (stopping.length > 0) {
    return { do: "stop", ids: idsOf(stopping) };
  }
  const kept = keptOf(seen, wanted);
  if (kept.length < wanted) {
    // Creates the new container before the old one stops, to keep the downtime short.
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

/** The containers that will serve after the rollout. Prefers running ones. */
function keptOf(seen: readonly Seen[], wanted: number): Seen[] {
  return byPreference(seen.filter(isUsable)).slice(0, wanted);
}

/**
 * Steps that return to the previous containers: those still running, or else those that ran last. If there are none,
 * the new container stays so that its log can be read.
 */
export function undoStopFirst(seen: readonly Seen[], created: ReadonlySet<string>, wanted: number): Undo {
  const kept = keptOf(seen, wanted);
  if (kept.length === wanted && kept.every(isReady)) {
    return { retire: [], start: [] };
  }
  const others = seen.filter((one) => !kept.includes(one));
  if (others.some(mayServe)) {
    // A container that never started uses no volume or port. Running containers are not touched.
    const unused = kept.filter(({ id, condition }) => created.has(id) && condition === "created");
    return { retire: idsOf(unused), start: [] };
  }
  const previous = others
    .filter(({ condition, started }) => condition === "stopped" && started > 0)
    .sort((a, b) => b.started - a.started)
    .slice(0, Math.max(1, wanted));
  return previous.length === 0 ? { retire: [], start: [] } : { retire: idsOf(kept), start: idsOf(previous) };
}
