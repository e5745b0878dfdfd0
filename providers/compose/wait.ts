import { setTimeout as sleep } from "node:timers/promises";
import { describe, inspectContainers, type Container } from "./containers";
import { Cancelled, UserError } from "./errors";

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
    if (health === "unhealthy") {
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
  { seconds, signal }: WaitOptions,
  late: string,
  isDone: (container: Container, first: Container) => boolean,
): Promise<Container> {
  const deadline = Date.now() + seconds * 1000;
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
    if (Date.now() >= deadline) {
      const probe = container.probeOutput === "" ? "" : `: ${container.probeOutput}`;
      throw new NotReady(container, `${late} within ${seconds} seconds (${describe(container)}${probe})`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}
