import { healthCommand } from "../../tools/health-command";
import { docker, DockerError, tryDocker } from "./docker";

/** Current state of a container, as the Docker daemon reports it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  /** Compose project of the container. @default "" - none */
  readonly project: string;
  readonly service: string;
  /** Compose's hash of the configuration that the container was created from. */
  readonly configHash: string;
  /** Id of the container's image. */
  readonly image: string;
  readonly state: "created" | "running" | "restarting" | "paused" | "exited" | "removing" | "dead";
  readonly exitCode: number;
  /**
   * Memory limit in bytes, set if the kernel killed one of its processes for exceeding it.
   * @default - no process was killed for memory
   */
  readonly outOfMemory?: number;
  readonly restarts: number;
  /**
   * State of the health check. `unhealthy` is reported only after a second check has failed.
   * @default - no health check
   */
  readonly health?: "starting" | "healthy" | "unhealthy";
  /** Output of the last health check. */
  readonly probeOutput: string;
  /**
   * Seconds after the start during which the health check may fail before the container is unhealthy.
   * @default - no health check
   */
  readonly patienceSeconds?: number;
  /** ISO times. */
  readonly created: string;
  readonly started: string;
  /** Names of the container's networks. */
  readonly networks: readonly string[];
  /** Host paths of the container's mounts. */
  readonly mounts: readonly string[];
  /** Volumes that are mounted writable. */
  readonly volumes: readonly Volume[];
  /** Host paths of writable bind mounts. */
  readonly writableBinds: readonly string[];
  /** Published ports, such as `127.0.0.1:8080`. */
  readonly ports: readonly string[];
  /** Seconds between SIGTERM and SIGKILL when the container stops. */
  readonly graceSeconds: number;
}

export interface Volume {
  readonly name: string;
  /** The volume's folder on the host. */
  readonly source: string;
}

/** The fields of `docker container inspect` that are used. */
interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  Created: string;
  RestartCount: number;
  State: {
    Status: Container["state"];
    ExitCode: number;
    OOMKilled?: boolean;
    StartedAt: string;
    Health?: { Status: string; Log?: { Output: string }[] | null };
  };
  Config: {
    Labels: Record<string, string> | null;
    /** In seconds. */
    StopTimeout?: number;
    /** Times in nanoseconds; 0 means Docker's default. */
    Healthcheck?: {
      Test?: string[];
      StartPeriod?: number;
      Interval?: number;
      Timeout?: number;
      Retries?: number;
    };
  };
  NetworkSettings: { Networks: Record<string, unknown> };
  Mounts: { Type?: string; Name?: string; Source?: string; RW?: boolean }[];
  HostConfig?: {
    /** Bytes; 0 means no limit. */
    Memory?: number;
    PortBindings?: Record<string, { HostIp?: string; HostPort?: string }[] | null> | null;
  };
}

/** Lists all containers of a project, running or stopped, oldest first. */
export async function listContainers(project: string): Promise<Container[]> {
  return findContainers(`label=com.docker.compose.project=${project}`);
}

/**
 * Lists all containers that match filters of `docker ps`, running or stopped, oldest first. With several volume
 * filters, a container matches if it mounts any of them.
 */
export async function findContainers(...filters: readonly string[]): Promise<Container[]> {
  const options = filters.flatMap((filter) => ["--filter", filter]);
  const { stdout } = await docker(["ps", "--all", "--quiet", "--no-trunc", ...options]);
  const containers = await inspectContainers(stdout.split("\n").filter((id) => id !== ""));
  return containers.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
}

/** Inspects containers by id. Omits containers that no longer exist. */
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
 * Runs the health check of an unhealthy container once more. Docker's health state is up to one interval old; a
 * container that has recovered since then must not be reported, or restarted, as unhealthy.
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

/** Docker's default timeout of a health check, in nanoseconds. */
const DEFAULT_TIMEOUT = 30e9;

function container(inspected: Inspected): Container {
  const { State: state, Config: config } = inspected;
  const health = state.Health?.Status;
  const labels = config.Labels ?? {};
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ""),
    project: labels["com.docker.compose.project"] ?? "",
    service: labels["com.docker.compose.service"] ?? "",
    configHash: labels["com.docker.compose.config-hash"] ?? "",
    image: inspected.Image,
    state: state.Status,
    exitCode: state.ExitCode,
    ...(state.OOMKilled && { outOfMemory: inspected.HostConfig?.Memory ?? 0 }),
    restarts: inspected.RestartCount,
    ...((health === "starting" || health === "healthy" || health === "unhealthy") && { health }),
    probeOutput: state.Health?.Log?.at(-1)?.Output.trim() ?? "",
    ...(health !== undefined && health !== "none" && { patienceSeconds: patience(config.Healthcheck) }),
    created: inspected.Created,
    started: state.StartedAt,
    networks: Object.keys(inspected.NetworkSettings.Networks),
    mounts: inspected.Mounts.flatMap(({ Source: source }) => (source === undefined ? [] : [source])),
    volumes: inspected.Mounts.flatMap(({ Type: type, Name: name, Source: source = "", RW: isWritable }) =>
      type === "volume" && name !== undefined && isWritable !== false ? [{ name, source }] : [],
    ),
    writableBinds: inspected.Mounts.flatMap(({ Type: type, Source: source, RW: isWritable }) =>
      type === "bind" && source !== undefined && isWritable !== false ? [source] : [],
    ),
    ports: Object.values(inspected.HostConfig?.PortBindings ?? {}).flatMap((bindings) =>
      (bindings ?? []).flatMap(({ HostIp: host, HostPort: port }) =>
        port ? [`${host || "0.0.0.0"}:${port}`] : [],
      ),
    ),
    graceSeconds: config.StopTimeout ?? DEFAULT_GRACE_SECONDS,
  };
}

/** Docker's default grace period. */
const DEFAULT_GRACE_SECONDS = 10;

function patience({ StartPeriod, Interval, Retries }: Inspected["Config"]["Healthcheck"] = {}): number {
  return Math.round(((StartPeriod ?? 0) + (Retries || 3) * (Interval || 30e9)) / 1e9);
}

/** Whether the container is running, and healthy if it has a health check. */
export function isHealthy({ state, health }: Pick<Container, "state" | "health">): boolean {
  return state === "running" && health !== "unhealthy" && health !== "starting";
}

/**
 * Whether the container has processes or will be restarted by Docker. Includes containers in a crash loop, paused
 * containers and containers that are being removed.
 */
export function isAlive({ state }: Pick<Container, "state">): boolean {
  return state !== "created" && state !== "exited" && state !== "dead";
}

/** Describes the state of a container, for messages and for the Pulumi state. */
export function describe(container: Container): string {
  const { state, restarts, health } = container;
  switch (state) {
    case "running":
      return health === "unhealthy" ? "unhealthy" : "running";
    case "restarting":
      return `restarting (${reasonOfExit(container)}, ${restarts} times)`;
    case "exited":
    case "dead":
      return `stopped (${reasonOfExit(container)})`;
    default:
      return state;
  }
}

/**
 * Describes why a container exited: `exit code 3`, or `out of memory: limit 512Mi`. The exit code alone would show the
 * kernel's SIGKILL as 137.
 */
export function reasonOfExit({ exitCode, outOfMemory }: Pick<Container, "exitCode" | "outOfMemory">): string {
  return outOfMemory === undefined || exitCode === 0
    ? `exit code ${exitCode}`
    : `out of memory${outOfMemory > 0 ? `: limit ${binary(outOfMemory)}` : " on the host"}`;
}

/** Formats bytes in the largest binary unit that gives a whole number: `512Mi`. */
function binary(bytes: number): string {
  const units = ["", "Ki", "Mi", "Gi", "Ti"];
  let value = bytes;
  let unit = 0;
  while (unit < units.length - 1 && value % 1024 === 0) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${units[unit] ?? ""}`;
}
