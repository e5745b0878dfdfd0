import type { ExecOptions } from "../commands/exec";
import type { HealthOptions } from "../commands/health";
import type { LogsOptions } from "../commands/logs";
import type { StatusOptions } from "../commands/status";
import { reasonOfExit } from "../../providers/compose/containers";
import type { StackSettings } from "../../settings";
import { EXIT, usage } from "../support/failure";
import { LOCAL_STACK } from "../support/project";
import { formatAge, openTerminal, plural, table, type Terminal } from "../support/terminal";
import { backupLines, backupsOf } from "../backup/overdue";
import { handOver, projectOf, runIn, type Container, type Engine } from "./docker";
import { notStarted } from "./not-started";
import { findService, survey, type Survey } from "./survey";

/** Runs `longshore status`. */
export async function status({ stack, system, json = false }: StatusOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const { containers, absent, notUp } = await survey(stack, system, podsOf, terminal);
  if (json) {
    terminal.json({
      stack,
      services: containers.map(({ check: _, ...container }) => container),
      absent,
      notUp,
      backups: await backupsOf(stack),
    });
    return;
  }
  if (containers.length === 0 && absent.length === 0) {
    terminal.out(NOTHING_RUNS(stack));
    return;
  }
  const { colors } = terminal;
  const rows = containers.map((one) => [
    `${one.system}/${one.service}`,
    stateWord(one, containers, terminal),
    since(one),
    one.restarts > 0 ? String(one.restarts) : "",
    one.published.map((address) => `${one.scheme ?? "http"}://${address}`).join(" "),
  ]);
  const missing = absent.map((one) => [`${one.system}/${one.service}`, colors.red(ABSENT)]);
  const idle = notUp.map((name) => [name, colors.dim(NOT_UP)]);
  table(
    ["service", "state", "since", "restarts", "address"],
    [...rows, ...missing, ...idle],
    terminal,
  ).forEach(terminal.out);
  for (const line of await backupLines(stack, containers, terminal)) {
    terminal.out(line);
  }
}

const ABSENT = "does not run";
const NOT_UP = "not up";
const NOTHING_RUNS = (stack: string): string =>
  `nothing runs on stack ${stack}; bring it up with: bin/longshore up${stack === LOCAL_STACK ? "" : ` --stack ${stack}`}`;

const podsOf = (system: string, settings: StackSettings): string =>
  `${kubectl(settings)} get pods --namespace ${system}`;

/**
 * Prefix of kubectl commands. Names the context if the settings do, so that the command never acts on another cluster.
 */
function kubectl({ cluster: { context } }: StackSettings): string {
  return context === undefined ? "kubectl" : `kubectl --context ${context}`;
}

function stateWord(container: Container, all: readonly Container[], { colors }: Terminal): string {
  const waiting = notStarted(container, all);
  if (waiting !== undefined) {
    return colors.yellow(waiting);
  }
  switch (healthOf(container)) {
    case "healthy":
      // A job inherits the health check of its image, which does not apply to a job.
      return colors.green(container.kind === "job" ? "completed" : container.health || container.state);
    case "starting":
      return colors.yellow(container.kind === "job" ? "running" : "starting");
    case "unhealthy":
      return colors.red(
        container.state === "exited" ? `exited (${exitOf(container)})` : container.health || container.state,
      );
  }
}

/** Exit reason: `3`, or `out of memory: limit 512Mi`. */
function exitOf(container: Container): string {
  return reasonOfExit(container).replace(/^exit code /, "");
}

/** Health of a container by Docker's last health check, up to one check interval old. */
export function healthOf(
  container: Pick<Container, "kind" | "state" | "health" | "exitCode">,
): "healthy" | "starting" | "unhealthy" {
  if (container.kind === "job") {
    return container.state === "exited" ? (container.exitCode === 0 ? "healthy" : "unhealthy") : "starting";
  }
  if (container.state !== "running") {
    return container.state === "created" || container.state === "restarting" ? "starting" : "unhealthy";
  }
  return container.health === "unhealthy"
    ? "unhealthy"
    : container.health === "starting"
      ? "starting"
      : "healthy";
}

function since({ state, startedAt }: Container): string {
  return state === "running" && Date.parse(startedAt) <= Date.now() ? formatAge(startedAt) : "";
}

interface Verdict {
  readonly system: string;
  readonly service: string;
  readonly isHealthy: boolean;
  readonly says: string;
}

/** Runs `longshore health`: runs every health check now, because Docker's result is up to one check interval old. */
export async function health({ stack, system, json = false }: HealthOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const found = await survey(stack, system, podsOf, terminal);
  const { engine, containers, absent, notUp } = found;
  const verdicts = [
    ...(await Promise.all(containers.map((one) => examine(engine, one, containers)))),
    ...absent.map((one) => ({ ...one, isHealthy: false, says: ABSENT })),
  ];
  const ill = verdicts.filter(({ isHealthy }) => !isHealthy);
  const isHealthy = ill.length === 0 && verdicts.length > 0 && (system.length === 0 || notUp.length === 0);
  if (json) {
    terminal.json({ stack, healthy: isHealthy, services: verdicts, notUp });
  } else {
    printVerdicts(verdicts, notUp, terminal);
    terminal.out(
      ill.length > 0
        ? `${plural(ill.length, "service")} not healthy`
        : isHealthy
          ? "all healthy"
          : verdicts.length > 0
            ? `${notUp.join(", ")}: ${NOT_UP}`
            : NOTHING_RUNS(stack),
    );
  }
  process.exitCode = isHealthy ? EXIT.ok : EXIT.failed;
}

function printVerdicts(verdicts: readonly Verdict[], notUp: readonly string[], terminal: Terminal): void {
  const { colors } = terminal;
  const rows = verdicts.map(({ system, service, isHealthy, says }) => [
    `${system}/${service}`,
    isHealthy ? colors.green("healthy") : colors.red("not healthy"),
    says,
  ]);
  const idle = notUp.map((name) => [name, colors.dim(NOT_UP)]);
  if (rows.length > 0) {
    table(["service", "health", "what it says"], [...rows, ...idle], terminal).forEach(terminal.out);
  }
}

async function examine(engine: Engine, container: Container, all: readonly Container[]): Promise<Verdict> {
  const { system, service } = container;
  const verdict = (isHealthy: boolean, says: string): Verdict => ({ system, service, isHealthy, says });
  const waiting = notStarted(container, all);
  if (waiting !== undefined) {
    return verdict(false, waiting);
  }
  if (container.kind === "job") {
    const isHealthy = healthOf(container) === "healthy";
    return verdict(isHealthy, isHealthy ? "completed" : `${container.state}, ${reasonOfExit(container)}`);
  }
  if (container.state !== "running") {
    return verdict(false, `${container.state}, ${reasonOfExit(container)}`);
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

const LONGEST_ANSWER = 100;

function shorten(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > LONGEST_ANSWER ? `${line.slice(0, LONGEST_ANSWER)}…` : line;
}

/** Runs `longshore logs`. */
export async function logs(
  service: string | undefined,
  { stack, system, follow = false, tail = "200" }: LogsOptions,
): Promise<void> {
  if (!/^(\d+|all)$/.test(tail)) {
    throw usage(`--tail: expected a number of lines or all, got ${tail}`);
  }
  const terminal = openTerminal();
  const found = await survey(
    stack,
    system,
    (of, settings) => {
      const where = service === undefined ? undefined : findIn(settings, service);
      return `${kubectl(settings)} logs --namespace ${where?.system ?? of} ${where ? `deployment/${where.service}` : "--all-pods"}`;
    },
    terminal,
  );
  const up = new Set(found.containers.map((one) => one.system));
  const where =
    service === undefined
      ? [...up].map((name) => ({ system: name, service: undefined }))
      : [findService(found, service)];
  if (where.length === 0) {
    terminal.note(NOTHING_RUNS(stack));
  }
  const codes = await Promise.all(
    where.map((one) =>
      handOver(found.engine, [
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
  process.exitCode = Math.max(0, ...codes);
}

/** Runs `longshore exec`. */
export async function exec(
  service: string,
  words: readonly string[],
  { stack, system }: ExecOptions,
): Promise<void> {
  const found = await survey(
    stack,
    system,
    (_, settings) => {
      const where = findIn(settings, service);
      return `${kubectl(settings)} exec --namespace ${where.system} -it deployment/${where.service} -- ${words.join(" ")}`;
    },
    openTerminal(),
  );
  const where = findService(found, service);
  const interactive = process.stdin.isTTY && process.stdout.isTTY;
  process.exitCode = await handOver(found.engine, [
    "compose",
    "--project-name",
    projectOf(where.system, stack),
    "exec",
    ...(interactive ? [] : ["--no-TTY"]),
    where.service,
    ...words,
  ]);
}

/** Finds a service of a stack that runs on another target. */
function findIn(settings: Survey["settings"], service: string) {
  return findService({ settings, systems: settings.systems, containers: [] }, service);
}
