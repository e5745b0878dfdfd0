import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../tools/process";
import { filesBelow } from "../support/end-to-end";
import { found, needle, type Needle } from "../support/needles";
import { containersOf, dockerGet, type ListedContainer } from "./docker-api";
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

export async function takeBaseline(subject: Subject): Promise<Baseline> {
  const { services } = await subject.status();
  const id = services.find(({ service }) => service === "db")?.id ?? "";
  const { stdout } = await run("docker", [
    "inspect",
    "--format",
    `{{index .Config.Labels "${PROJECT}"}}`,
    id,
  ]);
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
  const checks: Promise<string[]>[] = [
    stateEqualsMachine(subject),
    everythingHealthy(subject),
    same("containers", baseline.services, containersOf(project).then(count)),
    same("networks", baseline.networks, names("network", project)),
    same("volumes", baseline.volumes, names("volume", project)),
    same("databases", baseline.databases, databases(subject, project)),
    leftoverFiles(subject, project),
  ];
  return (await Promise.all(checks)).flat();
}

async function stateEqualsMachine(subject: Subject): Promise<string[]> {
  const { code, stdout, stderr } = await subject.longshore("preview", "--expect-no-changes");
  return code === 0
    ? []
    : [`a preview of the settled deployment: exit ${code}: ${lastLines(stdout + stderr)}`];
}

async function everythingHealthy(subject: Subject): Promise<string[]> {
  const { services } = await subject.status();
  return services
    .filter(({ state, health }) => state === "running" && health !== "healthy" && health !== "")
    .map(({ service, health }) => `${service} is ${health}`);
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

/** Files that only an interrupted command leaves: drafts, temporary files, locks, releases that no container mounts. */
async function leftoverFiles(subject: Subject, project: string): Promise<string[]> {
  const { data } = subject.checkout;
  const releases = join(data, "projects", project, "releases");
  const kept = existsSync(releases) ? readdirSync(releases) : [];
  const containers = await containersOf(project);
  const mounted = containers.flatMap(({ Mounts }) => Mounts.map(({ Source }) => Source));
  const unused = kept.filter((name) => !mounted.some((path) => path.startsWith(join(releases, name, "/"))));
  const files = [...filesBelow(data), ...filesBelow(subject.dumps)];
  return [
    // The release of today may mount nothing yet, when no service of it has files.
    ...(unused.length > 1 ? [`releases that no container mounts: ${unused.join(", ")}`] : []),
    ...files
      .filter((file) => /\.(part|tmp|partial|unfinished)\b|\/locks\/.*\.json$/.test(file))
      .map((file) => `left behind: ${file}`),
  ];
}

/** The application's connection string, which holds its password, as the backend was given it. */
export async function databaseUrl(project: string): Promise<string> {
  const backend = await containerOf(project, "backend");
  const { code, stdout, stderr } = await run("docker", [
    "exec",
    backend,
    "sh",
    "-c",
    'cat "$DATABASE_URL_FILE"',
  ]);
  if (code !== 0) {
    throw new Error(`the backend's DATABASE_URL_FILE cannot be read: ${stderr.trim()}`);
  }
  return stdout.trim();
}

/** Logins that must work and logins that must be refused, tried against the database over its network. */
export async function loginViolations(
  project: string,
  current: string,
  replaced: readonly string[],
): Promise<string[]> {
  const db = await containerOf(project, "db");
  const works = async (url: string) => {
    // Drivers are named in the scheme: postgresql+psycopg://.
    const plain = url.replace(/^postgresql\+\w+:/, "postgresql:");
    const { code } = await run("docker", ["exec", "-i", db, "psql", "-Atq", "-c", "select 1", plain]);
    return code === 0;
  };
  const found = (await works(current)) ? [] : ["the application's login of today does not work"];
  for (const [index, url] of replaced.entries()) {
    if (await works(url)) {
      found.push(`replaced login ${index + 1} of ${replaced.length} still works`);
    }
  }
  return found;
}

/** Passwords of connection strings, looked for in everything that is not a secret file. */
export async function leaks(subject: Subject, project: string, urls: readonly string[]): Promise<string[]> {
  const needles: Needle[] = urls.map((url, index) => {
    const password = decodeURIComponent(new URL(url).password);
    return needle(`login ${index + 1}`, password, password);
  });
  const containers = await containersOf(project);
  const inspected = await run("docker", ["inspect", ...containers.map(({ Id }) => Id)]);
  const logs = await Promise.all(containers.map(({ Id }) => run("docker", ["logs", "--tail", "2000", Id])));
  const state = filesBelow(join(subject.checkout.data, "state")).map((file) => readFileSync(file, "utf8"));
  const places: [string, string][] = [
    ["output", subject.printed.join("\n")],
    ["docker inspect", inspected.stdout],
    ["logs", logs.map(({ stdout, stderr }) => stdout + stderr).join("\n")],
    ["state", state.join("\n")],
  ];
  return places.flatMap(([place, hay]) => found(needles, hay).map((what) => `leaked into ${place}: ${what}`));
}

export function lastLines(text: string, lines = 3): string {
  return text.trim().split("\n").slice(-lines).join(" / ");
}
