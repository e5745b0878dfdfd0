import { composeProjectName } from "../../tools/compose-project-name";
import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Instance } from "../../operations/instance";
import { surveyDocker, type Docker } from "../../tools/docker";
import { healthCommand } from "../../tools/health-command";
import { run, type RunOptions } from "../../tools/process";
import { ACCESS_LABEL } from "../../providers/compose/volume-data";
import { ownerVolume } from "../../providers/compose/owner";
import { EDGE, EDGE_REDIRECT_PORT } from "../../render/compose/edge";
import { LABELS } from "../../render/compose/labels";
import { Failure, usage } from "../support/failure";
import { onEndSignals } from "../support/interrupts";
import { environmentWith } from "../support/tools";
import { requireOwned } from "./owned";

/** The Docker daemon that runs the stack. Read-only commands do not set one up. */
export interface Engine {
  readonly env: NodeJS.ProcessEnv;
  /** The daemon that was found. @default - the caller knows it */
  readonly docker?: Docker;
}

/** One container of a system, as Docker reports it. */
export interface Container extends Instance {
  /** The health check's command. @default - none */
  readonly check?: readonly string[];
}

/** Name of a system's Compose project. */
export function projectOf(system: string, stack: string): string {
  return composeProjectName(system, stack);
}

/** Opens the Docker daemon. @throws Failure if no daemon answers */
export async function openEngine(): Promise<Engine> {
  const { docker, problems } = await surveyDocker();
  if (!docker) {
    throw usage(`${problems.join("; ")} (bin/longshore doctor says more)`);
  }
  return { env: environmentWith(docker.env), docker };
}

interface Inspected {
  Id: string;
  RestartCount: number;
  State: {
    Status: string;
    ExitCode: number;
    OOMKilled?: boolean;
    StartedAt: string;
    Health?: { Status: string };
  };
  HostConfig?: { Memory?: number };
  Config: { Image: string; Labels: Record<string, string>; Healthcheck?: { Test?: string[] } };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> | null };
}

/** Lists all containers of a stack, sorted by system and service. */
export async function containersOf(engine: Engine, stack: string): Promise<Container[]> {
  const listed = await docker(engine, [
    "ps",
    "--all",
    "--no-trunc",
    "--format",
    `{{.ID}} {{.Label "com.docker.compose.project"}} {{.Label "${LABELS.system}"}}`,
  ]);
  const found = listed
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, project, system = ""]) => system !== "" && project === projectOf(system, stack));
  await requireOwned(
    found.map(([, project = ""]) => project),
    (args) => docker(engine, args),
  );
  const ids = found.map(([id = ""]) => id);
  if (ids.length === 0) {
    return [];
  }
  const inspected = JSON.parse(await docker(engine, ["inspect", ...ids])) as Inspected[];
  return inspected
    .map((one): Container => {
      const labels = one.Config.Labels;
      const check = healthCommand(one.Config.Healthcheck?.Test);
      return {
        id: one.Id,
        system: labels[LABELS.system] ?? "",
        service: labels["com.docker.compose.service"] ?? "",
        kind: labels[LABELS.kind] ?? "service",
        state: one.State.Status,
        health: one.State.Health?.Status ?? "",
        exitCode: one.State.ExitCode,
        ...(one.State.OOMKilled && { outOfMemory: one.HostConfig?.Memory ?? 0 }),
        restarts: one.RestartCount,
        startedAt: one.State.StartedAt,
        image: one.Config.Image,
        published: publishedAddresses(one),
        ...(labels[LABELS.scheme] && { scheme: labels[LABELS.scheme] }),
        waitsFor: waitsFor(labels["com.docker.compose.depends_on"]),
        ...(check && { check }),
      };
    })
    .sort((a, b) => compare(a.system, b.system) || compare(a.service, b.service) || compare(a.id, b.id));
}

/** Returns the addresses that serve something: the port that only redirects to HTTPS is none of them. */
export function publishedAddresses({
  NetworkSettings: { Ports },
  Config: { Labels: labels },
}: Pick<Inspected, "NetworkSettings"> & { Config: Pick<Inspected["Config"], "Labels"> }): string[] {
  const redirect = labels[LABELS.kind] === EDGE ? `${EDGE_REDIRECT_PORT}/tcp` : undefined;
  const ports = Object.entries(Ports ?? {}).flatMap(([key, bindings]) =>
    key === redirect ? [] : (bindings ?? []),
  );
  const addresses = ports.map(({ HostIp: host, HostPort: port }) =>
    host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
  );
  return [...new Set(addresses)].sort(compare);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Runs docker. @throws Failure with the output of docker */
export async function docker(
  { env }: Engine,
  args: readonly string[],
  options: Pick<RunOptions, "timeoutMs" | "detached"> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run("docker", args, { env, ...options });
  if (code !== 0) {
    throw new Failure(`docker ${args[0]}: ${stderr.trim()}`);
  }
  return stdout;
}

/**
 * Removes containers that a killed command left while it read or wrote the record in one of these volumes. They never
 * ran, but Docker deletes no volume that they mount.
 */
export async function removeAccess(engine: Engine, volumes: readonly string[]): Promise<void> {
  const filters = [`label=${ACCESS_LABEL}`, "status=created", ...volumes.map((name) => `volume=${name}`)];
  const args = filters.flatMap((filter) => ["--filter", filter]);
  const left = (await docker(engine, ["ps", "--all", "--quiet", ...args])).split("\n");
  const ids = left.filter((id) => id !== "");
  if (ids.length > 0) {
    await docker(engine, ["rm", "--volumes", ...ids], { detached: true });
  }
}

/** Deletes the data volumes of systems whose containers are removed. Returns the names of the volumes. */
export async function deleteVolumes(
  engine: Engine,
  systems: readonly string[],
  stack: string,
): Promise<string[]> {
  const projects = systems.map((system) => projectOf(system, stack));
  await requireOwned(projects, (args) => docker(engine, args));
  const listed = await Promise.all(
    projects.map((project) =>
      docker(engine, ["volume", "ls", "--quiet", "--filter", `label=com.docker.compose.project=${project}`]),
    ),
  );
  const names = listed.flatMap((output) => output.split("\n").filter((name) => name !== ""));
  const owners = new Set(projects.map(ownerVolume));
  const data = names.filter((name) => !owners.has(name));
  if (data.length > 0) {
    await removeAccess(engine, data);
    await docker(engine, ["volume", "rm", ...data]);
  }
  // The owner volume last: if the command is killed before, this installation still owns the rest.
  const rest = names.filter((name) => owners.has(name));
  if (rest.length > 0) {
    await docker(engine, ["volume", "rm", ...rest]);
  }
  return data;
}

/** Copies the contents of a folder in a container, running or not, to a folder of this machine. */
export async function copyFrom(engine: Engine, container: string, path: string, to: string): Promise<void> {
  await docker(engine, ["cp", "--quiet", `${container}:${path}`, to]);
}

/** Runs a command in a container without a terminal. */
export async function runIn(engine: Engine, container: string, words: readonly string[]) {
  return run("docker", ["exec", container, ...words], { env: engine.env, timeoutMs: 15_000 });
}

/** Connects the terminal to docker and returns docker's exit code. */
export function handOver(engine: Engine, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, { env: engine.env, stdio: "inherit" });
    // The terminal also sends Ctrl-C to docker, which handles it. Other signals are forwarded.
    const release = onEndSignals((signal) => {
      if (signal !== "SIGINT") {
        child.kill(signal);
      }
    });
    child.once("error", (error) => {
      reject(new Failure(`docker: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      release();
      resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal]));
    });
  });
}

/** Parses the service names from Compose's label: `db:service_healthy:false,…`. */
export function waitsFor(label: string | undefined): string[] {
  return (label ?? "").split(",").flatMap((entry) => entry.split(":")[0] || []);
}
