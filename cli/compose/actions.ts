import type { ExecOptions } from "../exec";
import type { HealthOptions } from "../health";
import type { LogsOptions } from "../logs";
import type { StatusOptions } from "../status";
import { EXIT, usage } from "../support/failure";
import { chosen, definitionOf, loadSettings } from "../support/plans";
import { formatSeconds, openTerminal, plural, table, type Terminal } from "../support/terminal";
import { nearest } from "../../catalog/check/nearest";
import { planSystem } from "../../catalog/plan";
import { EDGE } from "../../render/compose/edge";
import { planSettings, type StackSettings } from "../../settings";
import { containersOf, handOver, openEngine, projectOf, runIn, type Container, type Engine } from "./docker";

/** `longshore status` */
export async function status({ stack, system, json = false }: StatusOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const settings = loadSettings(stack);
  const systems = chosen(settings, system);
  const engine = await openEngine(settings, `kubectl get pods --namespace ${systems[0]}`);
  const containers = await containersOf(engine, systems, stack);
  if (json) {
    terminal.json({ stack, services: containers.map(({ check: _, ...container }) => container) });
    return;
  }
  if (containers.length === 0) {
    terminal.out(`nothing runs on stack ${stack}; bring it up with: bin/longshore up`);
    return;
  }
  const rows = containers.map((one) => [
    `${one.system}/${one.service}`,
    stateWord(one, terminal),
    since(one),
    one.restarts > 0 ? String(one.restarts) : "",
    one.published.map((address) => `http://${address}`).join(" "),
  ]);
  table(["service", "state", "since", "restarts", "address"], rows, terminal).forEach(terminal.out);
}

function stateWord(container: Container, { colors }: Terminal): string {
  switch (wellness(container)) {
    case "well":
      // A job inherits the health check of its image, which says nothing about a job.
      return colors.green(container.kind === "job" ? "completed" : container.health || container.state);
    case "starting":
      return colors.yellow(container.kind === "job" ? "running" : "starting");
    case "ill":
      return colors.red(
        container.state === "exited" ? `exited (${container.exitCode})` : container.health || container.state,
      );
  }
}

/** What the engine believes; up to one interval of the health check old. */
export function wellness(
  container: Pick<Container, "kind" | "state" | "health" | "exitCode">,
): "well" | "starting" | "ill" {
  if (container.kind === "job") {
    return container.state === "exited" ? (container.exitCode === 0 ? "well" : "ill") : "starting";
  }
  if (container.state !== "running") {
    return container.state === "created" || container.state === "restarting" ? "starting" : "ill";
  }
  return container.health === "unhealthy" ? "ill" : container.health === "starting" ? "starting" : "well";
}

function since({ state, startedAt }: Container): string {
  const seconds = (Date.now() - Date.parse(startedAt)) / 1000;
  if (state !== "running" || !(seconds >= 0)) {
    return "";
  }
  const hours = Math.floor(seconds / 3600);
  return hours < 1 ? formatSeconds(seconds) : hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

interface Verdict {
  readonly system: string;
  readonly service: string;
  readonly isHealthy: boolean;
  readonly says: string;
}

/** `longshore health`: runs every health check now, so that the answer is not an interval old. */
export async function health({ stack, system, json = false }: HealthOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const settings = loadSettings(stack);
  const systems = chosen(settings, system);
  const engine = await openEngine(settings, `kubectl get pods --namespace ${systems[0]}`);
  const containers = await containersOf(engine, systems, stack);
  const verdicts = [
    ...(await Promise.all(containers.map((one) => examine(engine, one)))),
    ...absent(settings, systems, containers),
  ];
  const ill = verdicts.filter(({ isHealthy }) => !isHealthy);
  if (json) {
    terminal.json({ stack, healthy: ill.length === 0, services: verdicts });
  } else {
    const { colors } = terminal;
    const rows = verdicts.map(({ system: of, service, isHealthy, says }) => [
      `${of}/${service}`,
      isHealthy ? colors.green("healthy") : colors.red("not healthy"),
      says,
    ]);
    table(["service", "health", "what it says"], rows, terminal).forEach(terminal.out);
    terminal.out(ill.length === 0 ? "all healthy" : `${plural(ill.length, "service")} not healthy`);
  }
  process.exitCode = ill.length === 0 ? EXIT.ok : EXIT.failed;
}

async function examine(engine: Engine, container: Container): Promise<Verdict> {
  const { system, service } = container;
  const verdict = (isHealthy: boolean, says: string): Verdict => ({ system, service, isHealthy, says });
  if (container.kind === "job") {
    const isWell = wellness(container) === "well";
    return verdict(isWell, isWell ? "completed" : `${container.state}, exit code ${container.exitCode}`);
  }
  if (container.state !== "running") {
    return verdict(false, `${container.state}, exit code ${container.exitCode}`);
  }
  if (!container.check) {
    return verdict(true, "running (no health check)");
  }
  const { code, stdout, stderr } = await runIn(engine, container.id, container.check);
  return verdict(
    code === 0,
    shorten(stdout.trim() || stderr.trim()) || (code === 0 ? "" : `exit code ${code}`),
  );
}

/** Services that should be there and are not. */
function absent(
  settings: StackSettings,
  systems: readonly string[],
  containers: readonly Container[],
): Verdict[] {
  return systems.flatMap((system) =>
    definitionOf(system)
      .services.filter(({ name }) => (settings.perSystem[system]?.services[name]?.replicas ?? 1) > 0)
      .filter(({ name }) => !containers.some((one) => one.system === system && one.service === name))
      .map(({ name }) => ({ system, service: name, isHealthy: false, says: "does not run" })),
  );
}

const LONGEST_ANSWER = 100;

function shorten(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > LONGEST_ANSWER ? `${line.slice(0, LONGEST_ANSWER)}…` : line;
}

/** `longshore logs` */
export async function logs(
  service: string | undefined,
  { stack, system, follow = false, tail = "200" }: LogsOptions,
): Promise<void> {
  const settings = loadSettings(stack);
  if (!/^(\d+|all)$/.test(tail)) {
    throw usage(`--tail: expected a number of lines or all, got ${tail}`);
  }
  const where =
    service === undefined
      ? chosen(settings, system).map((name) => ({ system: name, service: undefined }))
      : [findService(settings, system, service)];
  const engine = await openEngine(
    settings,
    `kubectl logs --namespace ${where[0]?.system} ${service ? `deployment/${where[0]?.service}` : "--all-pods"}`,
  );
  const codes = await Promise.all(
    where.map((one) =>
      handOver(engine, [
        "compose",
        "--project-name",
        projectOf(one.system, stack),
        "logs",
        "--tail",
        tail,
        ...(follow ? ["--follow"] : []),
        ...(one.service === undefined ? [] : [one.service]),
      ]),
    ),
  );
  process.exitCode = Math.max(...codes);
}

/** `longshore exec` */
export async function exec(
  service: string,
  words: readonly string[],
  { stack, system }: ExecOptions,
): Promise<void> {
  const settings = loadSettings(stack);
  const where = findService(settings, system, service);
  const engine = await openEngine(
    settings,
    `kubectl exec --namespace ${where.system} -it deployment/${where.service} -- ${words.join(" ")}`,
  );
  const interactive = process.stdin.isTTY && process.stdout.isTTY;
  process.exitCode = await handOver(engine, [
    "compose",
    "--project-name",
    projectOf(where.system, stack),
    "exec",
    ...(interactive ? [] : ["--no-TTY"]),
    where.service,
    ...words,
  ]);
}

/** A service by its name, or as system/name. @throws Failure when it is none, or more than one */
export function findService(
  settings: StackSettings,
  only: readonly string[],
  text: string,
): { readonly system: string; readonly service: string } {
  const [first = "", second] = text.split("/");
  const systems = second === undefined ? chosen(settings, only) : chosen(settings, [first]);
  const wanted = second ?? first;
  const all = systems.flatMap((system) =>
    servicesOf(settings, system).map((service) => ({ system, service })),
  );
  const found = all.filter(({ service }) => service === wanted);
  if (found.length > 1) {
    throw usage(
      `several systems have a service ${wanted}: say ${found.map((one) => `${one.system}/${one.service}`).join(" or ")}`,
    );
  }
  const [one] = found;
  if (!one) {
    const names = [...new Set(all.map(({ service }) => service))];
    const close = nearest(wanted, names);
    throw usage(
      `there is no service ${text}; ${close ? `did you mean ${close}?` : `there are ${names.join(", ")}`}`,
    );
  }
  return one;
}

/** Everything of a system that runs as a container here, also what the plan adds to the description. */
function servicesOf(settings: StackSettings, system: string): string[] {
  const { workloads, routes } = planSystem(definitionOf(system), planSettings(settings, system));
  return [...workloads.map(({ name }) => name), ...(routes.length > 0 ? [EDGE] : [])];
}
