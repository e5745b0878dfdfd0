import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, isHealthy, type Container } from "./containers";
import {
  isReady,
  nextStartFirst,
  nextStopFirst,
  undoStartFirst,
  undoStopFirst,
  type Condition,
  type Seen,
  type Undo,
} from "./decide";
import { Cancelled, UserError } from "./errors";
import { ServiceFailed } from "./failures";
import { namedVolumes, publishedPorts } from "./inputs";
import type { ProjectRunner } from "./project-runner";
import { reloadLiveFiles } from "./reload";
import { untilReady, waitLimit } from "./wait";

/**
 * Rolls out one service step by step. Each step is decided from the containers that exist at that moment
 * (`decide.ts`). Start-first: a new container is ready before an old one stops, and clients are never connected to an
 * unready one. Stop-first, for services that use a volume or a host port: the old container stops first, and starts
 * again if the new one fails.
 */
export async function rollService(run: ProjectRunner, service: string): Promise<void> {
  const definition = run.inputs.document.services[service] ?? {};
  const isExclusive = namedVolumes(definition).length > 0 || publishedPorts(definition).length > 0;
  await new ServiceRollout(run, service, isExclusive).run();
  await reloadLiveFiles(run, service, await run.containers(service));
}

/**
 * Whether nothing remains to be done: all replicas are current, healthy and connected to clients, and no other
 * container exists.
 */
export function isSettled(run: ProjectRunner, service: string, containers: readonly Container[]): boolean {
  return containers.length === run.replicas(service) && containers.every((one) => isReady(seenOf(run, one)));
}

function seenOf(run: ProjectRunner, container: Container): Seen {
  return {
    id: container.id,
    isCurrent: run.isCurrent(container),
    condition: conditionOf(container),
    isAdmitted: run.isAdmitted(container),
    isStopping: isAlive(container) && run.isStopping(container),
    started: Math.max(0, Date.parse(container.started) || 0),
  };
}

function conditionOf(container: Container): Condition {
  const { state, health } = container;
  switch (state) {
    case "running":
      return isHealthy(container) ? "healthy" : health === "starting" ? "starting" : "failing";
    case "restarting":
      return "failing";
    case "exited":
      return "stopped";
    case "paused":
    case "removing":
    case "created":
    case "dead":
      return state;
  }
}

class ServiceRollout {
  private containers: readonly Container[] = [];
  /** Containers that this rollout created. */
  private readonly created = new Set<string>();

  constructor(
    private readonly project: ProjectRunner,
    private readonly service: string,
    private readonly isExclusive: boolean,
  ) {}

  async run(): Promise<void> {
    for (;;) {
      const seen = await this.look();
      const wanted = this.project.replicas(this.service);
      const step = (this.isExclusive ? nextStopFirst : nextStartFirst)(seen, wanted);
      if (step.do === "nothing") {
        return;
      }
      // An abort does not skip `retire`, which only removes outdated containers.
      if (this.project.signal.aborted && step.do !== "retire") {
        await this.undo(new Cancelled());
      }
      switch (step.do) {
        case "create":
          this.created.add((await this.project.createBeside(this.service)).id);
          break;
        case "prepare":
          await this.prepare(this.get(step.id), step.hidden);
          break;
        case "stop":
          this.project.log.status(`stopping ${this.service}`);
          await this.project.stop(step.ids.map((id) => this.get(id)));
          break;
        case "retire":
          await this.retire(step.ids.map((id) => this.get(id)));
          break;
      }
    }
  }

  private async look(): Promise<Seen[]> {
    this.containers = await this.project.containers(this.service, this.isExclusive);
    return this.containers.map((one) => seenOf(this.project, one));
  }

  private get(id: string): Container {
    const found = this.containers.find((one) => one.id === id);
    if (!found) {
      throw new Error(`internal: no container ${id} of ${this.service}`);
    }
    return found;
  }

  private async prepare(container: Container, hidden: boolean): Promise<void> {
    try {
      await makeReady(this.project, container, hidden);
    } catch (error) {
      await this.undo(error, container.id);
    }
  }

  /** Undoes the steps of this rollout. @throws the error, with the failed container's log */
  private async undo(error: unknown, failed?: string): Promise<never> {
    const reported = await this.project.describeFailure(error);
    const seen = await this.look();
    const wanted = this.project.replicas(this.service);
    const { retire, start }: Undo = this.isExclusive
      ? undoStopFirst(seen, this.created, wanted)
      : undoStartFirst(seen, this.created, failed);
    if (start.length > 0) {
      this.project.log.status(`${this.service}: back to the previous container`);
    }
    try {
      await this.project.retire(retire.map((id) => this.get(id)));
      for (const id of start) {
        await this.project.start(this.get(id));
      }
    } catch (second) {
      throw withSecond(reported, second);
    }
    throw reported;
  }

  private async retire(containers: readonly Container[]): Promise<void> {
    if (!this.isExclusive && containers.some(isAlive)) {
      await sleep(NAME_CACHE_MILLISECONDS);
    }
    await this.project.retire(containers);
  }
}

/** Combines a failure with the reason why the previous containers could not be restored. */
function withSecond(first: unknown, second: unknown): unknown {
  if (!(first instanceof UserError && second instanceof UserError)) {
    return second;
  }
  const log = first instanceof ServiceFailed ? first.log : "";
  return new ServiceFailed(`${first.message}\nrolling back failed: ${second.message}`, log);
}

/** Clients, including the edge, may cache a service's address for one second. The old container stops only after that. */
const NAME_CACHE_MILLISECONDS = 2000;

/** Starts a container if needed and waits until it is ready. `hidden` disconnects it from clients until then. */
async function makeReady(run: ProjectRunner, container: Container, hidden: boolean): Promise<void> {
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
    seconds: waitLimit(run.inputs, container),
    signal: run.signal,
    onWait: (words) => {
      run.log.status(`waiting for ${service} (${words})`);
    },
  });
  await run.admit(ready);
}
