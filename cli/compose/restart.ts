import { Cancelled } from "../../providers/compose/errors";
import { rerunJob, restartService } from "../../providers/compose/restart";
import { machineStack } from "../../settings/machine-stacks";
import { dataDir, repoRoot } from "../../tools/paths";
import { requireNoEngine } from "../engine/locks";
import { localFiles } from "../engine/local-stack";
import { EXIT, Failure } from "../support/failure";
import { catchInterrupts } from "../support/interrupts";
import type { Progress } from "../support/progress";
import { formatSeconds } from "../support/terminal";
import { projectOf } from "./docker";
import type { Service } from "../../operations/instance";

export interface Restarted extends Service {
  readonly seconds: number;
}

/**
 * Restarts services one after the other, until one fails or the command receives Ctrl-C, SIGTERM or SIGHUP.
 *
 * @param work restarts one service, and undoes its steps if the signal is aborted
 * @throws Failure that names the services that were not restarted
 */
export async function restartEach(
  chosen: readonly Service[],
  progress: Pick<Progress, "line">,
  work: (service: Service, signal: AbortSignal) => Promise<void>,
): Promise<Restarted[]> {
  const restarted: Restarted[] = [];
  const interrupts = catchInterrupts();
  interrupts.signal.addEventListener("abort", () => {
    progress.line("interrupted: waiting for the step under way");
  });
  try {
    for (const one of chosen) {
      if (interrupts.signal.aborted) {
        throw new Cancelled();
      }
      const started = Date.now();
      await work(one, interrupts.signal);
      const seconds = (Date.now() - started) / 1000;
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

export function nameOf({ system, service }: Service): string {
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

/** @param rest the services that were not restarted, the failed one first */
function failureOf(error: unknown, { aborted }: AbortSignal, rest: readonly Service[]): unknown {
  const isUserError = error instanceof Error && ["UserError", "ClusterError"].includes(error.name);
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
