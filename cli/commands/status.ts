import type { Command } from "commander";
import { reasonOfExit } from "../../providers/compose/containers";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { formatAge, openTerminal, table, type Terminal } from "../support/terminal";
import { backupLines, backupsOf } from "../backup/overdue";
import { archiveLines, archivesOf } from "../backup/point-in-time";
import type { Container } from "../compose/docker";
import { notStarted } from "../compose/not-started";
import { survey } from "../compose/survey";
import { ABSENT, NOT_UP, nothingRuns, healthOf } from "../compose/states";
import { podsOf } from "../compose/elsewhere";

export type StatusOptions = StackOption & SystemOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("status")
    .description("show what runs: every service, its state, health and address");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore status", ""],
    ["longshore status --json", "for a script"],
  ]);
  return command.action((options: StatusOptions) => status(options));
}

/** Runs `longshore status`. */
async function status({ stack, system, json = false }: StatusOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const { engine, containers, absent, notUp } = await survey(stack, system, podsOf, terminal);
  if (json) {
    terminal.json({
      stack,
      services: containers.map(({ check: _, ...container }) => container),
      absent,
      notUp,
      backups: await backupsOf(stack),
      archives: await archivesOf(engine, containers),
    });
    return;
  }
  if (containers.length === 0 && absent.length === 0) {
    terminal.out(nothingRuns(stack));
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
  archiveLines(await archivesOf(engine, containers)).forEach(terminal.out);
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

function since({ state, startedAt }: Container): string {
  return state === "running" && Date.parse(startedAt) <= Date.now() ? formatAge(startedAt) : "";
}
