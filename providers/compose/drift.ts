import { describe, listContainers, type Container } from "./containers";
import { docker } from "./docker";
import { isRecord, type Properties } from "./values";

/** The recorded state of a service. */
export interface ServiceState {
  /** `running` or `completed` if the service is in its wanted state; otherwise a description of the problem. */
  readonly state: string;
  /** Id of the image. */
  readonly image: string;
  /** Compose's hash of the service's configuration. */
  readonly config: string;
}

/** Wanted states by service. `check` adds them to the inputs, so that a diff can report drift. */
export function wantedStates(services: readonly string[], isJob: (name: string) => boolean): Properties {
  return Object.fromEntries(
    [...services].sort().map((name) => [name, { state: isJob(name) ? "completed" : "running" }]),
  );
}

export interface Expected {
  readonly replicas: number;
  readonly job: boolean;
  readonly config: string;
  readonly image: string;
}

/**
 * State of one service, derived from its containers.
 * @param isUnfinished whether a failed deployment left the containers in this state
 */
export function serviceState(
  expected: Expected,
  containers: readonly Container[],
  isUnfinished = false,
): ServiceState {
  const { config, image } = expected;
  return { state: stateInWords(expected, containers, isUnfinished), image, config };
}

function stateInWords(
  { replicas, job, config, image }: Expected,
  containers: readonly Container[],
  isUnfinished: boolean,
): string {
  const current = containers.filter((one) => one.configHash === config && one.image === image);
  if (job) {
    const last = current.at(-1);
    // A completed job stays completed after its container was pruned.
    return !last || (last.state === "exited" && last.exitCode === 0) ? "completed" : describe(last);
  }
  if (containers.length === 0) {
    return replicas === 0 ? "running" : "missing";
  }
  if (current.length < containers.length) {
    return isUnfinished ? "not up to date" : "changed by someone else";
  }
  const wrong = current.map(describe).find((words) => words !== "running");
  if (wrong !== undefined) {
    return wrong;
  }
  return current.length === replicas ? "running" : `${current.length} of ${replicas} running`;
}

/** Reads the current state of the services in the state. `undefined`: nothing of the project exists. */
export async function readServices(
  project: string,
  known: unknown,
  isUnfinished: boolean,
): Promise<Properties | undefined> {
  const containers = await listContainers(project);
  if (containers.length === 0 && (await isGone(project))) {
    return undefined;
  }
  const services = Object.entries(isRecord(known) ? known : {}).map(([name, was]) => {
    const old = isRecord(was) ? was : {};
    const expected: Expected = {
      replicas: Number(old.replicas ?? 1),
      job: old.job === true,
      config: typeof old.config === "string" ? old.config : "",
      image: typeof old.image === "string" ? old.image : "",
    };
    const own = containers.filter(({ service }) => service === name);
    return [name, { ...old, state: serviceState(expected, own, isUnfinished).state }];
  });
  return Object.fromEntries(services) as Properties;
}

async function isGone(project: string): Promise<boolean> {
  const filter = `label=com.docker.compose.project=${project}`;
  const [networks, volumes] = await Promise.all([
    docker(["network", "ls", "--quiet", "--filter", filter]),
    docker(["volume", "ls", "--quiet", "--filter", filter]),
  ]);
  return `${networks.stdout}${volumes.stdout}`.trim() === "";
}
