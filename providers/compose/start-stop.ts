import { setTimeout as sleep } from "node:timers/promises";
import { findContainers, inspectContainers, isAlive, type Container } from "./containers";
import { docker, DockerTimeout, tryDocker } from "./docker";
import { UserError } from "./errors";
import { Stopwatch } from "./stopwatch";
import { withVolumeLocks } from "./volume-lock";

// The only place that starts containers (ESLint forbids `docker start` elsewhere). Verifies one writer per volume
// before each start. docs/adr/0013-one-writer-per-volume.md explains the proof.

export interface StartOptions {
  /**
   * Whether a running container may use the same volumes: a document may share a volume between services, and a dump
   * reads beside its server.
   * @default - none may
   */
  readonly isCompanion?: (other: Container) => boolean;
}

/** A container was not started, because another container may write to one of its volumes. */
export class VolumeInUse extends UserError {
  constructor(container: Container, volume: string, holder: Container) {
    const where = holder.project === "" ? "" : ` of project ${holder.project}`;
    super(
      `${container.service || container.name}: expected no other container on volume ${volume}, got ${holder.name}${where} ` +
        `(${holder.state}); two servers would destroy its data. fix: docker stop ${holder.name}, then run the command again`,
    );
  }
}

/** A container still runs after it was stopped, or its state is unknown. */
export class StillRunning extends UserError {
  constructor(container: Container, said: string) {
    super(
      `${container.service || container.name}: container ${container.name} did not stop (${container.state}${said === "" ? "" : `: ${said}`}); ` +
        `nothing was started in its place. fix: docker stop ${container.name}, then run the command again`,
    );
  }
}

const START_SECONDS = 180;

/**
 * Starts a container, or resumes a paused one, if no other container of any project or user may write to one of its
 * volumes. Reads Docker's list under a lock per volume, and again after the start, because processes on other machines
 * or in other network namespaces do not see the lock.
 *
 * @throws VolumeInUse
 */
export async function startContainer(id: string, options: StartOptions = {}): Promise<void> {
  const [container] = await inspectContainers([id]);
  if (!container) {
    throw new UserError(`container ${id.slice(0, 12)} was removed by another process; run the command again`);
  }
  const command = container.state === "paused" ? "unpause" : "start";
  const names = container.volumes.map(({ name }) => name);
  await withVolumeLocks(names, async (inherit) => {
    await requireNoOther(container, options);
    await docker([command, id], { inherit, timeoutSeconds: START_SECONDS });
    try {
      await requireNoOther(container, options);
    } catch (error) {
      await stopContainers([container]);
      throw error;
    }
  });
}

async function requireNoOther(
  container: Container,
  { isCompanion = () => false }: StartOptions,
): Promise<void> {
  const { volumes } = container;
  if (volumes.length === 0) {
    return;
  }
  // By name and by folder, because a bind mount of the folder writes to the same files.
  const filters = volumes.flatMap(({ name, source }) => [
    `volume=${name}`,
    ...(source === "" ? [] : [`volume=${source}`]),
  ]);
  // Inspecting waits for a start that the daemon is processing; listing does not.
  for (const other of await findContainers(...filters)) {
    const shared = volumes.find((volume) => writesTo(other, volume));
    if (other.id !== container.id && isAlive(other) && shared && !isCompanion(other)) {
      throw new VolumeInUse(container, shared.name, other);
    }
  }
}

function writesTo(
  { volumes, writableBinds }: Container,
  { name, source }: Container["volumes"][number],
): boolean {
  return volumes.some((volume) => volume.name === name) || writableBinds.includes(source);
}

/** Extra time for `docker stop` beyond the grace period, if the daemon is busy or waits for the kernel. */
const STOP_MARGIN_SECONDS = 60;
/** Seconds for the daemon to show an exit after a stop that succeeded, and after one that failed. */
const EXIT_SECONDS = { stopped: 10, failed: 1 };
const POLL_MILLISECONDS = 300;

/**
 * Stops containers and waits until each has exited, because a successful `docker stop` is no proof. Removed containers
 * count as exited.
 *
 * @throws StillRunning
 */
export async function stopContainers(containers: readonly Container[]): Promise<void> {
  if (containers.length === 0) {
    return;
  }
  const ids = containers.map(({ id }) => id);
  const grace = Math.max(...containers.map(({ graceSeconds }) => graceSeconds));
  let said: string;
  try {
    const { exitCode, stderr } = await tryDocker(["stop", ...ids], {
      timeoutSeconds: grace + STOP_MARGIN_SECONDS,
    });
    said = exitCode === 0 ? "" : stderr.trim();
  } catch (error) {
    if (!(error instanceof DockerTimeout)) {
      throw error;
    }
    said = error.message;
  }
  const stopwatch = new Stopwatch();
  for (;;) {
    const running = (await inspectContainers(ids)).find(isAlive);
    if (!running) {
      return;
    }
    if (stopwatch.seconds() >= (said === "" ? EXIT_SECONDS.stopped : EXIT_SECONDS.failed)) {
      throw new StillRunning(running, said);
    }
    await sleep(POLL_MILLISECONDS);
  }
}
