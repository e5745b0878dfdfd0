import { setTimeout as sleep } from "node:timers/promises";
import { describe, inspectContainers, reasonOfExit, type Container } from "./containers";
import { Cancelled, UserError } from "./errors";
import { oneLine } from "./failures";
import type { ProjectInputs } from "./inputs";
import { Stopwatch } from "./stopwatch";

/** Number of crashes at start after which the container counts as failed. One or two may be transient. */
const CRASHES = 3;
/** A container without a health check must stay up for this time. */
const STEADY_SECONDS = 2;
const POLL_MILLISECONDS = 300;

/** A container that did not become ready or did not complete. */
export class NotReady extends UserError {
  constructor(
    readonly container: Container,
    reason: string,
  ) {
    super(reason);
  }
}

/** Wait limit for a container whose health check gives no limit. */
export const DEFAULT_WAIT_SECONDS = 300;

/**
 * Wait limit for a container to become ready. The health check normally decides, following the service's `startup`: a
 * container whose check fails for longer is unhealthy. The limit applies to checks that never finish.
 */
export function waitLimit(
  { waitSeconds }: Pick<ProjectInputs, "waitSeconds">,
  { patienceSeconds = 0 }: Pick<Container, "patienceSeconds">,
): number {
  return waitSeconds ?? Math.max(DEFAULT_WAIT_SECONDS, 2 * patienceSeconds);
}

interface WaitOptions {
  /** Excludes time in which the machine was suspended. */
  seconds: number;
  signal: AbortSignal;
  /** Called with `waitingWords` when the text has changed. */
  onWait?: (words: string) => void;
}

/** Minimum interval between reports, unless the health check has a new result. */
const REPORT_SECONDS = 5;
const LONGEST_ANSWER = 70;

/**
 * Progress of a wait: the last result of the health check and the elapsed share of its limit, as `503 the database is
 * away, 40 s of 60 s`.
 */
export function waitingWords(container: Container, elapsed: number, seconds: number): string {
  const limit = Math.min(seconds, container.patienceSeconds ?? seconds);
  return [...said(container), `${Math.min(Math.floor(elapsed), limit)} s of ${limit} s`].join(", ");
}

function said(container: Container): string[] {
  const { state, probeOutput } = container;
  const words = state === "restarting" ? exited(container) : oneLine(probeOutput, LONGEST_ANSWER);
  return words === "" ? [] : [words];
}

/** `exited with code 3`, or `out of memory: limit 512Mi` */
function exited(container: Pick<Container, "exitCode" | "outOfMemory">): string {
  const reason = reasonOfExit(container);
  return reason.startsWith("exit code") ? `exited with code ${container.exitCode}` : reason;
}

/** Waits until a started container is healthy. Without a health check, waits until it stays up. */
export function untilReady(id: string, options: WaitOptions): Promise<Container> {
  const steady = new Stopwatch();
  return poll(id, options, "did not become healthy", (container, first) => {
    const { state, health, restarts, probeOutput } = container;
    if (state === "exited" || state === "dead") {
      throw new NotReady(container, exited(container));
    }
    // Checked between two starts: only then the exit code and the log belong to the crash.
    if (state === "restarting" && restarts - first.restarts >= CRASHES) {
      throw new NotReady(container, `${exited(container)}, ${CRASHES} times in a row`);
    }
    // Docker also reports exited containers as unhealthy.
    if (state === "running" && health === "unhealthy") {
      throw new NotReady(container, `unhealthy${probeOutput === "" ? "" : `: ${probeOutput}`}`);
    }
    if (state !== "running") {
      steady.reset();
      return false;
    }
    return health === undefined ? steady.seconds() >= STEADY_SECONDS : health === "healthy";
  });
}

/** Waits until a job has completed. */
export function untilCompleted(id: string, options: WaitOptions): Promise<Container> {
  return poll(id, options, "did not end", (container) => {
    const { state, exitCode } = container;
    if (state !== "exited" && state !== "dead") {
      return false;
    }
    if (exitCode !== 0) {
      throw new NotReady(container, exited(container));
    }
    return true;
  });
}

async function poll(
  id: string,
  { seconds, signal, onWait }: WaitOptions,
  late: string,
  isDone: (container: Container, first: Container) => boolean,
): Promise<Container> {
  const stopwatch = new Stopwatch();
  let reported = "0";
  let first: Container | undefined;
  for (;;) {
    const [container] = await inspectContainers([id]);
    if (!container) {
      throw new UserError("its container was removed by another process; run the command again");
    }
    first ??= container;
    if (isDone(container, first)) {
      return container;
    }
    if (signal.aborted) {
      throw new Cancelled();
    }
    const elapsed = stopwatch.seconds();
    if (elapsed >= seconds) {
      const probe = container.probeOutput === "" ? "" : `: ${container.probeOutput}`;
      throw new NotReady(container, `${late} within ${seconds} seconds (${describe(container)}${probe})`);
    }
    const news = [...said(container), Math.floor(elapsed / REPORT_SECONDS)].join();
    if (news !== reported) {
      reported = news;
      onWait?.(waitingWords(container, elapsed, seconds));
    }
    await sleep(POLL_MILLISECONDS);
  }
}
