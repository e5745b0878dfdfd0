import { setTimeout as sleep } from "node:timers/promises";
import { describe, inspectContainers, type Container } from "./containers";
import { Cancelled, UserError } from "./errors";
import { oneLine } from "./failures";

/** A crash at start may be chance; three in a row are not. */
const CRASHES = 3;
/** A container without a health check has to stay up this long. */
const STEADY_SECONDS = 2;
const POLL_MILLISECONDS = 300;

/** A container that did not become what it should. */
export class NotReady extends UserError {
  constructor(
    readonly container: Container,
    reason: string,
  ) {
    super(reason);
  }
}

interface WaitOptions {
  seconds: number;
  signal: AbortSignal;
  /** Called with `waitingWords` when there is something new to say. */
  onWait?: (words: string) => void;
}

/** A line for each new answer of the health check, otherwise one in so many seconds. */
const REPORT_SECONDS = 5;
const LONGEST_ANSWER = 70;

/** `503 the database is away, 40 s of 60 s`: what the last health check said, and how much of its time is over. */
export function waitingWords(container: Container, elapsed: number, seconds: number): string {
  const limit = Math.min(seconds, container.patienceSeconds ?? seconds);
  return [...said(container), `${Math.min(Math.floor(elapsed), limit)} s of ${limit} s`].join(", ");
}

function said({ state, exitCode, probeOutput }: Container): string[] {
  const words =
    state === "restarting" ? `exited with code ${exitCode}` : oneLine(probeOutput, LONGEST_ANSWER);
  return words === "" ? [] : [words];
}

/** Waits until a started container is healthy, or without a health check until it stays up. */
export function untilReady(id: string, options: WaitOptions): Promise<Container> {
  let steadySince: number | undefined;
  return poll(id, options, "did not become healthy", (container, first) => {
    const { state, health, restarts, exitCode, probeOutput } = container;
    if (state === "exited" || state === "dead") {
      throw new NotReady(container, `exited with code ${exitCode}`);
    }
    // Between two starts: only then the exit code and the log are those of the crash.
    if (state === "restarting" && restarts - first.restarts >= CRASHES) {
      throw new NotReady(container, `exited with code ${exitCode}, ${CRASHES} times in a row`);
    }
    // The engine calls whatever has ended unhealthy.
    if (state === "running" && health === "unhealthy") {
      throw new NotReady(container, `unhealthy${probeOutput === "" ? "" : `: ${probeOutput}`}`);
    }
    if (state !== "running") {
      steadySince = undefined;
      return false;
    }
    steadySince ??= Date.now();
    return health === undefined ? Date.now() - steadySince >= STEADY_SECONDS * 1000 : health === "healthy";
  });
}

/** Waits until a job has ended well. */
export function untilCompleted(id: string, options: WaitOptions): Promise<Container> {
  return poll(id, options, "did not end", (container) => {
    const { state, exitCode } = container;
    if (state !== "exited" && state !== "dead") {
      return false;
    }
    if (exitCode !== 0) {
      throw new NotReady(container, `exited with code ${exitCode}`);
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
  const begin = Date.now();
  let reported = "0";
  let first: Container | undefined;
  for (;;) {
    const [container] = await inspectContainers([id]);
    if (!container) {
      throw new UserError("its container was removed by someone else");
    }
    first ??= container;
    if (isDone(container, first)) {
      return container;
    }
    if (signal.aborted) {
      throw new Cancelled();
    }
    const elapsed = (Date.now() - begin) / 1000;
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
