import type { Command } from "commander";
import type { Service } from "../../operations/instance";
import { nameOf, requireNoDeployment, restartEach, type Restarted } from "../compose/restart";
import { findService } from "../compose/survey";
import { openStack, type OpenStack } from "../runtime/open";
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
  const found = await openStack(stack, system, terminal);
  requireNoDeployment(stack);
  const { chosen, leftAlone } = await choose(found, names);
  const progress = await startProgress(terminal);
  let restarted: readonly Restarted[];
  try {
    restarted = await restartEach(chosen, progress, (one, signal) =>
      found.runtime.restart(one, {
        say: (text) => {
          progress.now(`${one.system}: ${text}`);
        },
        warn: progress.line,
        signal,
      }),
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
async function choose(found: OpenStack, names: readonly string[]): Promise<Choice> {
  const up = [...new Set(found.instances.map(({ system }) => system))];
  const running = await found.runtime.restartable(up);
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
