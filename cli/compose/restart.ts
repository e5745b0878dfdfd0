import { Cancelled } from "../../providers/compose/errors";
import { rerunJob, restartable, restartService } from "../../providers/compose/restart";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { requireNoEngine } from "../engine/locks";
import { localFiles } from "../engine/local-stack";
import type { RestartOptions } from "../commands/restart";
import { EXIT, Failure, usage } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import { startProgress, type Progress } from "../support/progress";
import { formatSeconds, openTerminal } from "../support/terminal";
import { projectOf } from "./docker";
import { findService, survey, type Service, type Survey } from "./survey";

interface Restarted extends Service {
  readonly seconds: number;
}

/** Runs `longshore restart`: replaces containers with new ones of the same version. */
export async function restart(
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

/**
 * Restarts services one after the other, until one fails or the command receives Ctrl-C, SIGTERM or SIGHUP.
 *
 * @param work restarts one service, undoes its steps if the signal is aborted, and returns its duration in seconds
 * @throws Failure that names the services that were not restarted
 */
export async function restartEach(
  chosen: readonly Service[],
  progress: Pick<Progress, "line">,
  work: (service: Service, signal: AbortSignal) => Promise<number>,
): Promise<Restarted[]> {
  const restarted: Restarted[] = [];
  const interrupts = catchInterrupts();
  interrupts.signal.addEventListener("abort", () => {
    progress.line("interrupted: waiting for the step under way, then the previous container runs again");
  });
  try {
    for (const one of chosen) {
      if (interrupts.signal.aborted) {
        throw new Cancelled();
      }
      const seconds = await work(one, interrupts.signal);
      restarted.push({ ...one, seconds });
      progress.line(`  ${nameOf(one)} restarted, ${formatSeconds(seconds)}`);
    }
  } catch (error) {
    throw failureOf(error, interrupts.signal, chosen.slice(restarted.length));
  } finally {
    interrupts.release();
  }
  return restarted;
}

/** Restarts one service. Returns the duration in seconds. */
export async function restartOne(
  { system, service }: Service,
  stack: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const started = Date.now();
  const say = (text: string) => {
    progress.now(`${system}: ${text}`);
  };
  const log = { status: say, info: say, warning: progress.line };
  await restartService(projectOf(system, stack), service, { log, signal });
  return (Date.now() - started) / 1000;
}

/** Runs a job again, like `up --rerun`, with the image and configuration of its last run. */
export async function rerunOne(
  { system, service }: Service,
  stack: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const status = (text: string) => {
    progress.now(`${system}: ${text}`);
  };
  const log = { status, info: status, warning: progress.line };
  await rerunJob(projectOf(system, stack), service, { log, signal });
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

function nameOf({ system, service }: Service): string {
  return `${system}/${service}`;
}

/**
 * Requires that no deployment is running: an `up` and a restart would each treat the other's new containers as old.
 * @throws Failure
 */
export function requireNoDeployment(stack: string): void {
  if (machineStack(stack) === undefined) {
    return;
  }
  requireNoEngine(localFiles(dataDir(), repoRoot(), stack).state, stack);
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

/** @param rest the services that were not restarted, the failed one first */
function failureOf(error: unknown, { aborted }: AbortSignal, rest: readonly Service[]): unknown {
  const isUserError = error instanceof Error && error.name === "UserError";
  if (!isUserError) {
    return error;
  }
  const names = (services: readonly Service[]) => services.map(nameOf).join(", ");
  if (aborted && error instanceof Cancelled) {
    return new Failure(`interrupted; not restarted: ${names(rest)}`, EXIT.interrupted);
  }
  const others = rest.slice(1);
  const untouched = others.length === 0 ? "" : `\nnot restarted: ${names(others)}`;
  return new Failure(`${error.message}${untouched}`, aborted ? EXIT.interrupted : EXIT.failed);
}
