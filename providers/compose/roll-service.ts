import { setTimeout as sleep } from "node:timers/promises";
import { isWell, type Container } from "./containers";
import { namedVolumes, publishedPorts } from "./inputs";
import type { ProjectRunner } from "./project-runner";
import { untilReady } from "./wait";

/**
 * Brings one service to what is deployed now. Start-first: a new container is ready before an old one goes, one
 * after the other, and clients never see one that is not ready. Services that hold a volume or a port cannot run
 * twice: theirs stop first, and start again if the new one fails.
 */
export async function rollService(run: ProjectRunner, service: string): Promise<void> {
  const containers = await run.containers(service);
  if (isSettled(run, service, containers)) {
    return;
  }
  const definition = run.inputs.document.services[service] ?? {};
  const exclusive = namedVolumes(definition).length > 0 || publishedPorts(definition).length > 0;
  await (exclusive ? stopFirst(run, service, containers) : startFirst(run, service, containers));
}

/** Nothing to do: all replicas are current, well and to be found, and nothing else is there. */
export function isSettled(run: ProjectRunner, service: string, containers: readonly Container[]): boolean {
  return (
    containers.length === run.replicas(service) &&
    containers.every((one) => run.isCurrent(one) && isWell(one) && run.isAdmitted(one))
  );
}

async function startFirst(
  run: ProjectRunner,
  service: string,
  containers: readonly Container[],
): Promise<void> {
  const current = containers.filter((one) => run.isCurrent(one));
  const old = containers.filter((one) => !run.isCurrent(one));
  const serving = () => [...old, ...ready].filter(isWell);
  // Those that are well first: a surplus is taken from the rest.
  const candidates = [...current.filter(isWell), ...current.filter((one) => !isWell(one))];
  const ready: Container[] = [];
  const wanted = run.replicas(service);
  while (ready.length < wanted) {
    const candidate = candidates.shift() ?? (await run.createBeside(service));
    try {
      ready.push(await makeReady(run, candidate, serving().length > 0));
    } catch (error) {
      const reported = await run.describeFailure(error);
      // Left for a look when nothing else serves; otherwise nobody misses it.
      await run.retire(serving().length > 0 ? [candidate] : old);
      throw reported;
    }
    await retireOne(run, old);
  }
  await run.retire([...old, ...candidates]);
}

/** Clients, the edge among them, may remember for a second where a service was found; only then may one go. */
const NAME_CACHE_MILLISECONDS = 2000;

async function retireOne(run: ProjectRunner, old: Container[]): Promise<void> {
  if (old.some(({ state }) => state === "running")) {
    await sleep(NAME_CACHE_MILLISECONDS);
  }
  await run.retire(old.splice(0, 1));
}

async function stopFirst(
  run: ProjectRunner,
  service: string,
  containers: readonly Container[],
): Promise<void> {
  const old = containers.filter((one) => !run.isCurrent(one));
  const current = containers.filter((one) => run.isCurrent(one));
  const wanted = run.replicas(service);
  const kept = current.slice(0, wanted);
  while (kept.length < wanted) {
    kept.push(await run.createBeside(service));
  }
  const replaced = old.filter(({ state }) => state === "running");
  await run.stop([...old, ...current.slice(wanted)]);
  try {
    for (const container of kept) {
      await makeReady(run, container, false);
    }
  } catch (error) {
    const reported = await run.describeFailure(error);
    if (replaced.length > 0) {
      run.log.status(`${service}: back to the previous container`);
      await run.retire(kept);
      for (const container of replaced) {
        await run.start({ ...container, state: "exited" });
      }
    }
    throw reported;
  }
  await run.retire([...old, ...current.slice(wanted)]);
}

/** Starts a container where needed and waits; `hidden` keeps it from clients until then. */
async function makeReady(run: ProjectRunner, container: Container, hidden: boolean): Promise<Container> {
  const { service, state, health } = container;
  const isUp = state === "running" && health !== "unhealthy";
  if (!isUp) {
    run.log.status(`starting ${service}`);
    if (hidden) {
      await run.hide(container);
    }
    await (state === "running" || state === "restarting" ? run.restart(container) : run.start(container));
  }
  run.log.status(`waiting for ${service}`);
  const ready = await untilReady(container.id, {
    seconds: run.inputs.waitSeconds,
    signal: run.signal,
    onWait: (words) => {
      run.log.status(`waiting for ${service} (${words})`);
    },
  });
  await run.admit(ready);
  return ready;
}
