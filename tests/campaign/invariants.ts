import { readFileSync, statSync } from "node:fs";
import { run } from "../../tools/process";
import { eventually, filesBelow } from "../support/end-to-end";
import { found, needle, type Needle } from "../support/needles";
import { containersOf, dockerGet, type ListedContainer } from "./docker-api";
import { brokenFiles } from "./leftovers";
import type { Subject } from "./subject";

/** What a healthy, settled deployment consists of. Taken once, before anything is killed. */
export interface Baseline {
  readonly project: string;
  /** How many containers each service has. */
  readonly services: Readonly<Record<string, number>>;
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly databases: readonly string[];
}

const SERVICE = "com.docker.compose.service";
const PROJECT = "com.docker.compose.project";
const KIND = "longshore.kind";

export async function takeBaseline(subject: Subject): Promise<Baseline> {
  const { services } = await subject.status();
  const id = services.find(({ service }) => service === "db")?.id ?? "";
  const format = `{{index .Config.Labels "${PROJECT}"}}`;
  const { stdout } = await run("docker", ["inspect", "--format", format, id]);
  const project = stdout.trim();
  return {
    project,
    services: count(await containersOf(project)),
    networks: await names("network", project),
    volumes: await names("volume", project),
    databases: await databases(subject, project),
  };
}

/** Everything about the settled deployment that differs from the promise, one line each. */
export async function violationsOf(subject: Subject, baseline: Baseline): Promise<string[]> {
  const { project } = baseline;
  await untilHealthy(project);
  const checks: Promise<string[]>[] = [
    stateEqualsMachine(subject),
    same("containers", baseline.services, containersOf(project).then(count)),
    same("networks", baseline.networks, names("network", project)),
    same("volumes", baseline.volumes, names("volume", project)),
    same("databases", baseline.databases, databases(subject, project)),
    brokenFiles(subject, project),
  ];
  return (await Promise.all(checks)).flat();
}

/** Objects of a project that was destroyed, and files with its secrets. */
export async function remainsOf(subject: Subject, project: string): Promise<string[]> {
  const files = filesBelow(subject.checkout.data).filter((file) => file.includes(`/projects/${project}/`));
  const objects = {
    containers: Object.keys(count(await containersOf(project))),
    networks: await names("network", project),
    volumes: await names("volume", project),
    files,
  };
  return Object.entries(objects).flatMap(([what, left]) =>
    left.length === 0 ? [] : [`${what} after the destruction: ${left.join(", ")}`],
  );
}

/** Objects of a Docker daemon of the campaign's own that belong to none of the deployments. */
export async function strangers(projects: readonly string[]): Promise<string[]> {
  const containers = await dockerGet<ListedContainer[]>("/containers/json?all=true");
  const networks = await dockerGet<{ Name: string }[]>("/networks");
  const { Volumes } = await dockerGet<{ Volumes: { Name: string }[] | null }>("/volumes");
  const used = new Set(containers.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? [])));
  const isOurs = (name: string) => projects.some((project) => name.startsWith(`${project}_`));
  return [
    ...containers
      .filter(({ Labels }) => !projects.includes(Labels[PROJECT] ?? ""))
      .map(
        ({ Names, State, Command }) =>
          `a stray container: ${Names.join()} (${State}, ${Command.slice(0, 40)})`,
      ),
    ...networks
      .filter(({ Name }) => !isOurs(Name) && !["bridge", "host", "none"].includes(Name))
      .map(({ Name }) => `a stray network: ${Name}`),
    ...(Volumes ?? [])
      .filter(({ Name }) => !isOurs(Name) && !used.has(Name))
      .map(({ Name }) => `a stray volume: ${Name}`),
  ];
}

async function stateEqualsMachine(subject: Subject): Promise<string[]> {
  const { code, stdout, stderr } = await subject.longshore("preview", "--expect-no-changes");
  return code === 0
    ? []
    : [`a preview of the settled deployment: exit ${code}: ${lastLines(stdout + stderr)}`];
}

/** Waits until all services run and are healthy: a restarted Docker starts them by itself. */
async function untilHealthy(project: string): Promise<void> {
  const unhealthy = async () =>
    (await containersOf(project))
      .filter(({ Labels }) => Labels[KIND] !== "job")
      .filter(({ State, Status }) => State !== "running" || /unhealthy|starting/.test(Status))
      .map(({ Names, Status }) => `${Names.join()}: ${Status}`);
  await eventually("all services are healthy", unhealthy, { until: (all) => all.length === 0 });
}

async function same<T>(what: string, expected: T, actual: Promise<T>): Promise<string[]> {
  const got = JSON.stringify(await actual);
  return got === JSON.stringify(expected)
    ? []
    : [`${what}: expected ${JSON.stringify(expected)}, got ${got}`];
}

function count(containers: readonly ListedContainer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const services = containers.map(({ Labels }) => Labels[SERVICE] ?? "");
  // The job that revokes a replaced login is there only after a rotation.
  for (const service of services.filter((name) => !name.endsWith("-retire"))) {
    counts[service] = (counts[service] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function names(kind: "network" | "volume", project: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${PROJECT}=${project}`] }));
  const path = `/${kind}s?filters=${filters}`;
  const listed =
    kind === "network"
      ? await dockerGet<{ Name: string }[]>(path)
      : (await dockerGet<{ Volumes: { Name: string }[] | null }>(path)).Volumes;
  return (listed ?? []).map(({ Name }) => Name).sort();
}

/** A scratch database of an unfinished restore would be one more. */
async function databases(subject: Subject, project: string): Promise<string[]> {
  const db = await containerOf(project, "db");
  return subject.sql("select datname from pg_database order by 1", db);
}

/** Id of the running container of a service. @throws when there is none */
export async function containerOf(project: string, service: string): Promise<string> {
  const running = await containersOf(project, { all: false });
  const container = running.find(({ Labels }) => Labels[SERVICE] === service);
  if (!container) {
    throw new Error(`no container of ${service} runs`);
  }
  return container.Id;
}

export interface LeakSearch {
  /** Connection strings whose passwords are searched for. */
  readonly urls: readonly string[];
  /** Files outside the subject's folders. */
  readonly files: readonly string[];
  /** Time in ms; files that were last written before it were searched earlier. */
  readonly since: number;
}

/** Passwords in anything that is not a secret file: output, logs, containers' settings, state, all other files. */
export async function leaks(
  subject: Subject,
  project: string,
  { urls, files, since }: LeakSearch,
): Promise<string[]> {
  const needles: Needle[] = urls.map((url, index) => {
    const password = decodeURIComponent(new URL(url).password);
    return needle(`login ${index + 1}`, password, password);
  });
  const containers = await containersOf(project);
  const inspected = await run("docker", ["inspect", ...containers.map(({ Id }) => Id)]);
  const logs = await Promise.all(containers.map(({ Id }) => run("docker", ["logs", "--tail", "2000", Id])));
  const written = [...filesBelow(subject.checkout.data), ...filesBelow(subject.temporary), ...files]
    .filter((file) => !/\/releases\/[^/]+\/secrets\/|\/(tsx-\d+|node-compile-cache)\//.test(file))
    .filter((file) => statSync(file).mtimeMs >= since)
    .map((file): [string, string] => [file, readFileSync(file, "utf8")]);
  const places: [string, string][] = [
    ["output", subject.takePrinted()],
    ["docker inspect", inspected.stdout],
    ["logs", logs.map(({ stdout, stderr }) => stdout + stderr).join("\n")],
    ...written,
  ];
  return places.flatMap(([place, hay]) => found(needles, hay).map((what) => `leaked into ${place}: ${what}`));
}

export function lastLines(text: string, lines = 3): string {
  return text.trim().split("\n").slice(-lines).join(" / ");
}
