import { configHashes } from "./build";
import { listContainers } from "./containers";
import { docker } from "./docker";
import { Cancelled, UserError } from "./errors";
import { ServiceFailed, type Failure } from "./failures";
import { dependenciesOf, isJob, type ProjectInputs } from "./inputs";
import { refreshLiveFiles } from "./live-files";
import { ProjectRunner } from "./project-runner";
import { removeOldReleases, type Release } from "./release";
import { isSettled, rollService } from "./roll-service";
import { runJob } from "./run-job";
import type { Call } from "./server";
import { ensureSharedNetworks } from "./shared-networks";
import { stillRunning } from "./unfinished";

export interface RolloutResult {
  readonly failures: readonly Failure[];
  /** Services that were left alone, because what they wait for failed. */
  readonly skipped: readonly string[];
  readonly cancelled: boolean;
  /** Who still runs as before, in words; empty when nobody does, or all is well. */
  readonly kept: string;
}

/**
 * Brings all services to what is deployed now, each after those it depends on and otherwise at once. What is
 * already so is not touched: running this twice, or after it was killed, does what is left to do.
 */
export async function rollOut(
  inputs: ProjectInputs,
  release: Release,
  images: ReadonlyMap<string, string>,
  { log, signal }: Call,
  runsAgain: (job: string) => boolean,
): Promise<RolloutResult> {
  const { document, project } = inputs;
  const hashes = await configHashes(project, release.file);
  const run = new ProjectRunner(inputs, release, hashes, images, log, signal, runsAgain);
  const names = Object.keys(document.services);
  const before = await listContainers(project);
  const of = (service: string) => before.filter((container) => container.service === service);
  await ensureSharedNetworks(document);
  await run.createMissing(names.filter((name) => of(name).length === 0 && run.replicas(name) > 0));

  const failures: Failure[] = [];
  const skipped: string[] = [];
  const tasks = new Map<string, Promise<boolean>>();
  const task = (name: string): Promise<boolean> => {
    const known = tasks.get(name);
    if (known) {
      return known;
    }
    const started = attempt(name);
    tasks.set(name, started);
    return started;
  };
  const attempt = async (name: string): Promise<boolean> => {
    const service = document.services[name];
    const job = isJob(name, document);
    if (!service) {
      return true;
    }
    if (!job && isSettled(run, name, of(name))) {
      await refreshLiveFiles(run, name);
      return true;
    }
    const before = await Promise.all(dependenciesOf(service).map(task));
    if (before.includes(false) || signal.aborted) {
      skipped.push(name);
      return false;
    }
    try {
      await (job ? runJob(run, name) : rollService(run, name));
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      // Cancelled: the signal says so already.
      if (!(error instanceof Cancelled)) {
        const log = error instanceof ServiceFailed ? error.log : "";
        failures.push({ service: name, reason: error.message, log });
      }
      return false;
    }
  };
  const results = await Promise.allSettled(names.map(task));
  const unexpected = results.find((result) => result.status === "rejected");
  if (unexpected) {
    throw unexpected.reason;
  }
  const isDone = results.every((result) => result.status === "fulfilled" && result.value);
  if (isDone) {
    await removeLeftovers(run);
  }
  const kept = isDone ? "" : stillRunning(await listContainers(project), (one) => run.isCurrent(one));
  failures.sort((a, b) => (a.service < b.service ? -1 : 1));
  return { failures, skipped: skipped.sort(), cancelled: signal.aborted, kept };
}

/** Containers, networks and files of services and deployments that are no more. */
async function removeLeftovers(run: ProjectRunner): Promise<void> {
  const { document, project } = run.inputs;
  const containers = await listContainers(project);
  const orphans = containers.filter(({ service }) => !(service in document.services));
  await run.retire(orphans);
  await removeNetworks(
    project,
    Object.entries(document.networks ?? {}).map(([key, network]) => network?.name ?? `${project}_${key}`),
  );
  const rest = containers.filter((container) => !orphans.includes(container));
  removeOldReleases(project, run.release, rest);
}

async function removeNetworks(project: string, kept: readonly string[]): Promise<void> {
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await docker(["network", "ls", "--filter", filter, "--format", "{{.Name}}"]);
  const gone = stdout
    .split("\n")
    .filter((name) => name !== "" && !kept.includes(name) && !name.endsWith("_default"));
  if (gone.length > 0) {
    await docker(["network", "rm", ...gone]);
  }
}
