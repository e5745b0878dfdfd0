import type { Command } from "commander";
import { restartable } from "../../providers/compose/restart";
import { projectOf } from "../compose/docker";
import { nameOf, requireNoDeployment, restartEach, restartOne, type Restarted } from "../compose/restart";
import { findService, survey, type Service, type Survey } from "../compose/survey";
import { usage } from "../support/failure";
import { startProgress } from "../support/progress";
import { openTerminal } from "../support/terminal";
import {
  locked,
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";

export type RestartOptions = StackOption & SystemOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("restart")
    .description("replace containers by new ones of the same image, each ready before the old one goes")
    .argument(
      "[services...]",
      "such as backend or todo/backend; without any: all that need not stop for it, so no database",
    );
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore restart todo/backend", "no request is lost"],
    ["longshore restart --system todo", "all of a system but its database and its reverse proxy"],
    ["longshore restart todo/db", "stops, and starts again"],
  ]);
  return command.action((services: string[], options: RestartOptions) =>
    locked(options.stack, "restart", () => restart(services, options)),
  );
}

/** Runs `longshore restart`: replaces containers with new ones of the same version. */
async function restart(
  names: readonly string[],
  { stack, system, json = false }: RestartOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const found = await survey(stack, system, (of, settings) => onCluster(of, settings, names), terminal);
  requireNoDeployment(stack);
  Object.assign(process.env, found.engine.env);
  const { chosen, leftAlone } = await choose(found, stack, names);
  const progress = await startProgress(terminal);
  let restarted: readonly Restarted[];
  try {
    restarted = await restartEach(chosen, progress, (one, signal) =>
      restartOne(one, stack, progress, signal),
    );
  } finally {
    progress.stop();
  }
  if (json) {
    terminal.json({ stack, restarted, leftAlone });
    return;
  }
  if (chosen.length === 0) {
    terminal.note("nothing to restart");
  }
  if (leftAlone.length > 0) {
    const list = leftAlone.map(nameOf).join(" ");
    terminal.out(
      `left alone, because they would stop for a moment; to restart them too: bin/longshore restart ${list}`,
    );
  }
}

interface Choice {
  /** Services to restart, each after its dependencies within the system. */
  readonly chosen: readonly Service[];
  readonly leftAlone: readonly Service[];
}

/** Chooses services by name. @throws Failure if a name is not a running service */
async function choose(found: Survey, stack: string, names: readonly string[]): Promise<Choice> {
  const up = [...new Set(found.containers.map(({ system }) => system))];
  const all = await Promise.all(
    up.map(async (system) =>
      (await restartable(projectOf(system, stack))).map((one) => ({ system, ...one })),
    ),
  );
  const running = all.flat();
  if (names.length === 0) {
    return {
      chosen: running.filter(({ stops }) => !stops).map(plain),
      leftAlone: running.filter(({ stops }) => stops).map(plain),
    };
  }
  const wanted = names.map((name) => nameOf(findService(found, name)));
  const missing = wanted.find((name) => !running.some((one) => nameOf(one) === name));
  if (missing !== undefined) {
    throw usage(`${missing} does not run, or is a job; services that run: ${running.map(nameOf).join(", ")}`);
  }
  return { chosen: running.filter((one) => wanted.includes(nameOf(one))).map(plain), leftAlone: [] };
}

function plain({ system, service }: Service): Service {
  return { system, service };
}

function onCluster(system: string, settings: Survey["settings"], names: readonly string[]): string {
  if (names.length === 0) {
    return `kubectl rollout restart --namespace ${system} deployment`;
  }
  return names
    .map((name) => findService({ settings, systems: settings.systems, containers: [] }, name))
    .map((one) => `kubectl rollout restart --namespace ${one.system} deployment/${one.service}`)
    .join(" && ");
}
