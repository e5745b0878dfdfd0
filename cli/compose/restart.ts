import { restartable, restartService } from "../../providers/compose/restart";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { requireNoEngine } from "../engine/locks";
import { localFiles } from "../engine/local-stack";
import type { RestartOptions } from "../restart";
import { EXIT, Failure, usage } from "../support/failure";
import { startProgress, type Progress } from "../support/progress";
import { formatSeconds, openTerminal } from "../support/terminal";
import { projectOf } from "./docker";
import { findService, survey, type Service, type Survey } from "./survey";

interface Restarted extends Service {
  readonly seconds: number;
}

/** `longshore restart`: what runs, anew; never another version. */
export async function restart(
  names: readonly string[],
  { stack, system, json = false }: RestartOptions,
): Promise<void> {
  const terminal = openTerminal({ json });
  const found = await survey(stack, system, (of, settings) => onCluster(of, settings, names), terminal);
  requireNoDeployment(stack);
  Object.assign(process.env, found.engine.env);
  const { chosen, leftAlone } = await choose(found, stack, names);
  const restarted: Restarted[] = [];
  const progress = await startProgress(terminal);
  const interrupt = new AbortController();
  const onInterrupt = () => {
    interrupt.abort();
  };
  process.once("SIGINT", onInterrupt);
  try {
    for (const one of chosen) {
      const seconds = await restartOne(one, stack, progress, interrupt.signal);
      restarted.push({ ...one, seconds });
      progress.line(`  ${one.system}/${one.service} restarted, ${formatSeconds(seconds)}`);
    }
  } catch (error) {
    throw inWords(error, interrupt.signal, chosen.slice(restarted.length + 1));
  } finally {
    progress.stop();
    process.off("SIGINT", onInterrupt);
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

/** Replaces one service, as `restart` does. Returns the seconds that it took. */
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

interface Choice {
  /** Each after those of its system that it depends on. */
  readonly chosen: readonly Service[];
  readonly leftAlone: readonly Service[];
}

/** @throws Failure for a name that is no service that runs */
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

/** An `up` and a restart would each take the other's new containers for old ones. @throws Failure */
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

function inWords(error: unknown, signal: AbortSignal, rest: readonly Service[]): unknown {
  if (signal.aborted) {
    return new Failure("interrupted; what was not replaced yet runs on", EXIT.interrupted);
  }
  const after = rest.length === 0 ? "" : `\nnot touched any more: ${rest.map(nameOf).join(", ")}`;
  return error instanceof Error && error.name === "UserError"
    ? new Failure(`${error.message}${after}`, EXIT.failed)
    : error;
}
