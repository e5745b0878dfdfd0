import { healthCommand } from "../../tools/health-command";
import { docker, DockerError, tryDocker } from "./docker";

/** A container of the project, as the engine sees it now. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** What Compose made it from. */
  readonly configHash: string;
  /** Id of the image it runs. */
  readonly image: string;
  readonly state: "created" | "running" | "restarting" | "paused" | "exited" | "removing" | "dead";
  readonly exitCode: number;
  readonly restarts: number;
  /** `unhealthy`: the engine says so, and it does when asked again. @default - it has no health check */
  readonly health?: "starting" | "healthy" | "unhealthy";
  /** Output of the last health check. */
  readonly probeOutput: string;
  /** How long after its start its health check may fail until it counts as unhealthy. @default - it has none */
  readonly patienceSeconds?: number;
  /** ISO times. */
  readonly created: string;
  readonly started: string;
  /** Names of the networks it is connected to. */
  readonly networks: readonly string[];
  /** Host paths that are mounted into it. */
  readonly mounts: readonly string[];
}

/** The part of `docker container inspect` that is read. */
interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  Created: string;
  RestartCount: number;
  State: {
    Status: Container["state"];
    ExitCode: number;
    StartedAt: string;
    Health?: { Status: string; Log?: { Output: string }[] | null };
  };
  Config: {
    Labels: Record<string, string>;
    /** Times in nanoseconds; 0 is the engine's default. */
    Healthcheck?: {
      Test?: string[];
      StartPeriod?: number;
      Interval?: number;
      Timeout?: number;
      Retries?: number;
    };
  };
  NetworkSettings: { Networks: Record<string, unknown> };
  Mounts: { Source?: string }[];
}

/** All containers of a project, running or not, oldest first. */
export async function listContainers(project: string): Promise<Container[]> {
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await docker(["ps", "--all", "--quiet", "--no-trunc", "--filter", filter]);
  const containers = await inspectContainers(stdout.split("\n").filter((id) => id !== ""));
  return containers.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
}

/** Containers that are gone by now are left out. */
export async function inspectContainers(ids: readonly string[]): Promise<Container[]> {
  if (ids.length === 0) {
    return [];
  }
  const args = ["container", "inspect", ...ids];
  const result = await tryDocker(args);
  if (result.exitCode !== 0 && !/no such container/i.test(result.stderr)) {
    throw new DockerError(args, result);
  }
  const inspected = JSON.parse(result.stdout || "[]") as Inspected[];
  return Promise.all(inspected.map(async (one) => ({ ...container(one), ...(await secondOpinion(one)) })));
}

/**
 * The engine's word is up to one interval of the health check old. Before a container that runs is called unhealthy,
 * and restarted for it, it is asked itself: what has recovered meanwhile is well.
 */
async function secondOpinion({
  Id: id,
  State: { Status: status, Health: health },
  Config: { Healthcheck: check },
}: Inspected): Promise<Pick<Container, "health"> | undefined> {
  const command = healthCommand(check?.Test);
  if (status !== "running" || health?.Status !== "unhealthy" || !command) {
    return undefined;
  }
  const signal = AbortSignal.timeout((check?.Timeout || DEFAULT_TIMEOUT) / 1e6);
  const { exitCode } = await tryDocker(["exec", id, ...command], { signal });
  return exitCode === 0 ? { health: "healthy" } : undefined;
}

/** The engine's own, in nanoseconds. */
const DEFAULT_TIMEOUT = 30e9;

function container(inspected: Inspected): Container {
  const { State: state, Config: config } = inspected;
  const health = state.Health?.Status;
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ""),
    service: config.Labels["com.docker.compose.service"] ?? "",
    configHash: config.Labels["com.docker.compose.config-hash"] ?? "",
    image: inspected.Image,
    state: state.Status,
    exitCode: state.ExitCode,
    restarts: inspected.RestartCount,
    ...((health === "starting" || health === "healthy" || health === "unhealthy") && { health }),
    probeOutput: state.Health?.Log?.at(-1)?.Output.trim() ?? "",
    ...(health !== undefined && health !== "none" && { patienceSeconds: patience(config.Healthcheck) }),
    created: inspected.Created,
    started: state.StartedAt,
    networks: Object.keys(inspected.NetworkSettings.Networks),
    mounts: inspected.Mounts.flatMap(({ Source: source }) => (source === undefined ? [] : [source])),
  };
}

function patience({ StartPeriod, Interval, Retries }: Inspected["Config"]["Healthcheck"] = {}): number {
  return Math.round(((StartPeriod ?? 0) + (Retries || 3) * (Interval || 30e9)) / 1e9);
}

/** Serves, as far as can be told. */
export function isWell({ state, health }: Container): boolean {
  return state === "running" && health !== "unhealthy" && health !== "starting";
}

/** In words, for people and for the state. */
export function describe({ state, exitCode, restarts, health }: Container): string {
  switch (state) {
    case "running":
      return health === "unhealthy" ? "unhealthy" : "running";
    case "restarting":
      return `restarting (exit code ${exitCode}, ${restarts} times)`;
    case "exited":
    case "dead":
      return `stopped (exit code ${exitCode})`;
    default:
      return state;
  }
}
