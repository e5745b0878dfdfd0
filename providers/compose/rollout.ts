import { configHashes } from "./build";
import { describe, listContainers } from "./containers";
import { docker } from "./docker";
import { Cancelled, UserError } from "./errors";
import { ServiceFailed, type Failure } from "./failures";
import { dependenciesOf, isJob, type ProjectInputs } from "./inputs";
import { forgetStops, pendingStops } from "./pending-stops";
import { ProjectRunner } from "./project-runner";
import { removeOldReleases, type Release } from "./release";
import { reloadLiveFiles } from "./reload";
import { isSettled, rollService } from "./roll-service";
import { runJob } from "./run-job";
import type { Call } from "./server";
import { ensureSharedNetworks } from "./shared-networks";
import { stillRunning } from "./unfinished";

export interface RolloutResult {
  readonly failures: readonly Failure[];
  /** Services that were not touched, because a dependency failed. */
  readonly skipped: readonly string[];
  readonly cancelled: boolean;
  /** Description of the services that still run their previous version; empty if there are none or nothing failed. */
  readonly kept: string;
}

/**
 * Rolls out all services concurrently, each after its dependencies. Does not touch services that are up to date.
 * Idempotent: a second run, also after a kill, completes the remaining work.
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
  await ensureSharedNetworks(document);
  const existing = new Set((await listContainers(project)).map(({ service }) => service));
  await run.createMissing(names.filter((name) => !existing.has(name) && run.replicas(name) > 0));
  // Every task first checks this list; a task of an unsettled service lists its containers again when its turn comes.
  const seen = await listContainers(project);
  const of = (service: string) => seen.filter((container) => container.service === service);

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
      await reloadLiveFiles(run, name, of(name));
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
      // The signal already reports a cancellation.
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
  let isDone = results.every((result) => result.status === "fulfilled" && result.value);
  if (isDone) {
    failures.push(...(await stoppedMeanwhile(run)));
    isDone = failures.length === 0;
  }
  if (isDone) {
    await removeLeftovers(run);
  }
  const kept = isDone ? "" : stillRunning(await listContainers(project), (one) => run.isCurrent(one));
  failures.sort((a, b) => (a.service < b.service ? -1 : 1));
  return { failures, skipped: skipped.sort(), cancelled: signal.aborted, kept };
}

/** Services that became ready and stopped while others were still being rolled out. */
async function stoppedMeanwhile(run: ProjectRunner): Promise<Failure[]> {
  const { document, project } = run.inputs;
  const containers = await listContainers(project);
  return Object.keys(document.services)
    .filter((name) => !isJob(name, document))
    .flatMap((service) => {
      const own = containers.filter((one) => one.service === service && run.isCurrent(one));
      const running = own.filter(({ state }) => state === "running");
      if (running.length >= run.replicas(service)) {
        return [];
      }
      const stopped = own.find(({ state }) => state !== "running");
      const state = stopped ? describe(stopped) : "removed";
      return [{ service, reason: `${state} after it was ready; run \`up\` again`, log: "" }];
    });
}

/** Removes containers, networks and files of removed services and old deployments. */
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
  const ids = new Set(rest.map(({ id }) => id));
  forgetStops(
    project,
    [...pendingStops(project)].filter((id) => !ids.has(id)),
  );
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
