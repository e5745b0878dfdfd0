import { findContainers, inspectContainers, listContainers, type Container } from "./containers";
import { docker, DockerError, DockerTimeout, tryDocker } from "./docker";
import type { Log } from "./engine";
import { collapseRepeats, ServiceFailed } from "./failures";
import { namedVolumes, replicasOf, type ProjectInputs } from "./inputs";
import { writeLiveFiles } from "./live-files";
import { forgetStops, notingStops, pendingStops } from "./pending-stops";
import type { Release } from "./release";
import { startContainer, stopContainers } from "./start-stop";
import { NotReady } from "./wait";

/**
 * Operations of a rollout on one project. Operations are never interrupted: the rollout waits for each one and undoes
 * it if needed.
 */
export class ProjectRunner {
  private creating: Promise<unknown> = Promise.resolve();

  constructor(
    readonly inputs: ProjectInputs,
    readonly release: Release,
    /** Configuration hashes by service. */
    private readonly hashes: ReadonlyMap<string, string>,
    /** Image ids by reference. */
    private readonly images: ReadonlyMap<string, string>,
    readonly log: Log,
    readonly signal: AbortSignal,
    /** Whether a completed job runs again. */
    readonly runsAgain: (job: string) => boolean,
  ) {}

  /**
   * Lists the containers of a service, oldest first. With predecessors, includes containers of removed services that
   * use a volume or port of this one and must stop first.
   */
  async containers(service: string, withPredecessors = false): Promise<Container[]> {
    const { project, document } = this.inputs;
    if (!withPredecessors) {
      return findContainers(
        `label=com.docker.compose.project=${project}`,
        `label=com.docker.compose.service=${service}`,
      );
    }
    const all = await listContainers(project);
    const own = all.filter((one) => one.service === service);
    const holdsOurs = (one: Container) =>
      own.some((each) => claims(each).some((claim) => claims(one).includes(claim)));
    return all.filter((one) => own.includes(one) || (!(one.service in document.services) && holdsOurs(one)));
  }

  /** Whether a container was created from the current release. */
  isCurrent({ service, configHash, image }: Container): boolean {
    const reference = this.inputs.document.services[service]?.image ?? `${this.inputs.project}-${service}`;
    return configHash === this.hashes.get(service) && image === this.images.get(reference);
  }

  /** Creates the containers of services that have none, with their networks and volumes. Starts nothing. */
  async createMissing(services: readonly string[]): Promise<void> {
    if (services.length > 0) {
      await this.create(services, []);
    }
  }

  /** Creates one more container of a service. */
  async createBeside(service: string): Promise<Container> {
    const before = await this.containers(service);
    await this.create([service], ["--scale", `${service}=${before.length + 1}`]);
    const known = new Set(before.map(({ id }) => id));
    const created = (await this.containers(service)).find(({ id }) => !known.has(id));
    if (!created) {
      throw new Error(`internal: Compose created no container of ${service}`);
    }
    return created;
  }

  /** Runs one creation at a time: two concurrent Compose runs would both create a missing network. */
  private async create(services: readonly string[], scale: readonly string[]): Promise<void> {
    const { project } = this.inputs;
    const args = ["compose", "--project-name", project, "--file", this.release.file, "up", "--no-start"];
    // Compose asks before it deletes a volume whose labels differ. Without standard input it assumes "no".
    const flags = ["--no-deps", "--no-recreate", "--no-build", "--pull", "never", ...scale];
    const options = { timeoutSeconds: CREATE_SECONDS };
    const run = this.creating.then(() => docker([...args, ...flags, ...services], options));
    this.creating = run.catch(() => undefined);
    await run;
  }

  async start(container: Container): Promise<void> {
    writeLiveFiles(this.inputs, this.release, container);
    // The container has exited, so its pending stop is over.
    forgetStops(this.inputs.project, [container.id]);
    await startContainer(container.id, { isCompanion: (other) => this.mayRunBeside(container, other) });
  }

  async restart(container: Container): Promise<void> {
    await this.stop([container]);
    await this.start({ ...container, state: "exited" });
  }

  /**
   * Whether the two containers may run together. Allows only sharing within the document: a volume between services,
   * or between replicas of one service.
   */
  private mayRunBeside({ service }: Container, other: Container): boolean {
    const { project, document } = this.inputs;
    const definition = document.services[other.service];
    const own = document.services[service];
    if (other.project !== project || !definition || !own) {
      return false;
    }
    return other.service === service
      ? this.replicas(service) > 1 && this.isCurrent(other)
      : namedVolumes(definition).some((volume) => namedVolumes(own).includes(volume));
  }

  /** Stops containers within their grace periods, waits until they have exited, then removes them. */
  async retire(containers: readonly Container[]): Promise<void> {
    await this.stop(containers);
    if (containers.length > 0) {
      // Without --force, which would kill a container that another process has started again.
      const args = ["rm", "--volumes", ...containers.map(({ id }) => id)];
      const result = await tryDocker(args);
      const isGone = result.stderr
        .trim()
        .split("\n")
        .every((line) => /no such container|removal of container .* is already in progress/i.test(line));
      if (result.exitCode !== 0 && !isGone) {
        throw new DockerError(args, result);
      }
    }
  }

  /** Stops containers and waits until they have exited. @throws StillRunning */
  async stop(containers: readonly Container[]): Promise<void> {
    const running = containers.filter(({ state }) => state !== "created" && state !== "exited");
    const ids = running.map(({ id }) => id);
    await notingStops(this.inputs.project, ids, () => stopContainers(running));
  }

  /** Whether this run or a killed one told the container to stop, and its exit was not yet observed. */
  isStopping({ id }: Container): boolean {
    return pendingStops(this.inputs.project).has(id);
  }

  /** Disconnects a container from its clients' network until it is ready. */
  async hide(container: Container): Promise<void> {
    const network = this.clientNetwork(container.service);
    if (network !== undefined && container.networks.includes(network)) {
      await docker(["network", "disconnect", network, container.id]);
    }
  }

  /** Connects a ready container to its clients. */
  async admit(container: Container): Promise<void> {
    const network = this.clientNetwork(container.service);
    const [now] = await inspectContainers([container.id]);
    if (network !== undefined && now && !now.networks.includes(network)) {
      await docker(["network", "connect", "--alias", container.service, network, container.id]);
    }
  }

  isAdmitted({ service, networks }: Container): boolean {
    const network = this.clientNetwork(service);
    return network === undefined || networks.includes(network);
  }

  private clientNetwork(service: string): string | undefined {
    const { document, project } = this.inputs;
    const key = document.services[service]?.labels?.["longshore.network"];
    return key === undefined ? undefined : (document.networks?.[key]?.name ?? `${project}_${key}`);
  }

  /** Adds the last log lines of the container to an error. Call before the container is removed. */
  async describeFailure(error: unknown): Promise<unknown> {
    if (error instanceof NotReady) {
      return new ServiceFailed(error.message, await lastLog(error.container));
    }
    return error instanceof DockerError || error instanceof DockerTimeout
      ? new ServiceFailed(error.message, "")
      : error;
  }

  replicas(service: string): number {
    const definition = this.inputs.document.services[service];
    return definition ? replicasOf(definition) : 0;
  }
}

/** Volumes and host ports of a container, which it uses exclusively. */
function claims({ volumes, ports }: Container): string[] {
  return [...volumes.map(({ name }) => `volume ${name}`), ...ports.map((port) => `port ${port}`)];
}

const CREATE_SECONDS = 300;
const LOG_LINES = 20;
/** Number of log lines to read. Exceeds the number shown, because repeated lines are collapsed. */
const LOG_LINES_READ = 400;

/** Last lines that a container wrote since its last start, from both outputs in order. */
async function lastLog({ id, started }: Container): Promise<string> {
  const tail = ["--timestamps", "--since", started, "--tail", String(LOG_LINES_READ)];
  const { all } = await tryDocker(["logs", ...tail, id]);
  const lines = all
    .trimEnd()
    .split("\n")
    .sort()
    .map((line) => line.slice(line.indexOf(" ") + 1));
  return collapseRepeats(lines).slice(-LOG_LINES).join("\n").trim();
}
