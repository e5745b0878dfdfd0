import { inspectContainers, listContainers, type Container } from "./containers";
import { docker, DockerError, tryDocker } from "./docker";
import type { Log } from "./engine";
import { collapseRepeats, ServiceFailed } from "./failures";
import { replicasOf, type ProjectInputs } from "./inputs";
import type { Release } from "./release";
import { NotReady } from "./wait";

/** The engine's commands on one project, in its own words. Not interrupted half-way: whoever rolls, undoes. */
export class ProjectRunner {
  private creating: Promise<unknown> = Promise.resolve();

  constructor(
    readonly inputs: ProjectInputs,
    readonly release: Release,
    /** By service. */
    private readonly hashes: ReadonlyMap<string, string>,
    /** Ids by reference. */
    private readonly images: ReadonlyMap<string, string>,
    readonly log: Log,
    readonly signal: AbortSignal,
    /** Whether a job runs although it has completed. */
    readonly runsAgain: (job: string) => boolean,
  ) {}

  /** Containers of a service, oldest first. */
  async containers(service: string): Promise<Container[]> {
    const all = await listContainers(this.inputs.project);
    return all.filter((container) => container.service === service);
  }

  /** Made from what is deployed now, not from an earlier deployment. */
  isCurrent({ service, configHash, image }: Container): boolean {
    const reference = this.inputs.document.services[service]?.image ?? `${this.inputs.project}-${service}`;
    return configHash === this.hashes.get(service) && image === this.images.get(reference);
  }

  /** Creates the containers of services that have none, with networks and volumes; starts nothing. */
  async createMissing(services: readonly string[]): Promise<void> {
    if (services.length > 0) {
      await this.create(services, []);
    }
  }

  /** Creates one more container of a service beside those that exist. */
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

  /** One at a time: two would both make a missing network. */
  private async create(services: readonly string[], options: readonly string[]): Promise<void> {
    const { project } = this.inputs;
    const args = ["compose", "--project-name", project, "--file", this.release.file, "up", "--no-start"];
    const flags = ["--no-deps", "--no-recreate", "--no-build", "--pull", "never", ...options];
    const run = this.creating.then(() => docker([...args, ...flags, ...services]));
    this.creating = run.catch(() => undefined);
    await run;
  }

  async start({ id, state }: Container): Promise<void> {
    if (state === "paused") {
      await docker(["unpause", id]);
    } else {
      await docker(["start", id]);
    }
  }

  async restart({ id }: Container): Promise<void> {
    await docker(["restart", id]);
  }

  /** Ends it as its grace period allows, then removes it. */
  async retire(containers: readonly Container[]): Promise<void> {
    await this.stop(containers);
    if (containers.length > 0) {
      await tryDocker(["rm", "--force", "--volumes", ...containers.map(({ id }) => id)]);
    }
  }

  async stop(containers: readonly Container[]): Promise<void> {
    if (containers.length > 0) {
      await tryDocker(["stop", ...containers.map(({ id }) => id)]);
    }
  }

  /** Keeps a container from its clients until it is ready: takes it off the network where they look for it. */
  async hide(container: Container): Promise<void> {
    const network = this.clientNetwork(container.service);
    if (network !== undefined && container.networks.includes(network)) {
      await docker(["network", "disconnect", network, container.id]);
    }
  }

  /** Lets clients find a container that is ready. */
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

  /** A failure of a container with the last lines it wrote; to be asked for before the container is removed. */
  async describeFailure(error: unknown): Promise<unknown> {
    if (error instanceof NotReady) {
      return new ServiceFailed(error.message, await lastLog(error.container));
    }
    return error instanceof DockerError ? new ServiceFailed(error.message, "") : error;
  }

  replicas(service: string): number {
    const definition = this.inputs.document.services[service];
    return definition ? replicasOf(definition) : 0;
  }
}

const LOG_LINES = 20;
/** A probe every second fills the last lines of a log with one and the same. */
const LOG_LINES_READ = 400;

/** The last lines that a container wrote since it last started, of both its outputs in the order they came. */
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
