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
import type { Instance } from "../../operations/instance";
import { notStarted } from "../compose/not-started";
import { openStack } from "../runtime/open";
import { ABSENT, NOT_UP, nothingRuns, healthOf } from "../compose/states";

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
  const { instances, absent, notUp, machine } = await openStack(stack, system, terminal);
  if (json) {
    terminal.json({
      stack,
      services: instances.map(publicFields),
      absent,
      notUp,
      backups: await backupsOf(stack),
      ...(machine && { archives: await archivesOf(machine.engine, machine.containers) }),
    });
    return;
  }
  if (instances.length === 0 && absent.length === 0) {
    terminal.out(nothingRuns(stack));
    return;
  }
  const { colors } = terminal;
  const rows = instances.map((one) => [
    `${one.system}/${one.service}`,
    stateWord(one, instances, terminal),
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
  for (const line of problemLines(instances)) {
    terminal.out(colors.yellow(line));
  }
  for (const line of await backupLines(stack, instances, terminal)) {
    terminal.out(line);
  }
  if (machine) {
    archiveLines(await archivesOf(machine.engine, machine.containers)).forEach(terminal.out);
  }
}

/** What `--json` shows: without what only the commands of this machine need. */
function publicFields(instance: Instance): object {
  const {
    check: _check,
    container: _container,
    hasPod: _hasPod,
    ...shown
  } = instance as Instance & Record<string, unknown>;
  return shown;
}

/** Why instances are not ready, a line for each service and reason. */
function problemLines(instances: readonly Instance[]): string[] {
  const lines = instances.flatMap(({ system, service, problems = [] }) =>
    problems.map((problem) => `${system}/${service}: ${problem}`),
  );
  return [...new Set(lines)];
}

function stateWord(container: Instance, all: readonly Instance[], { colors }: Terminal): string {
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
function exitOf(container: Instance): string {
  return reasonOfExit(container).replace(/^exit code /, "");
}

function since({ state, startedAt }: Instance): string {
  return state === "running" && Date.parse(startedAt) <= Date.now() ? formatAge(startedAt) : "";
}
