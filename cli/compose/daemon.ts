import type { Docker } from "../../tools/docker";
import { deployedSystems } from "../engine/state";
import {
  daemonProblem,
  forgetDaemon,
  readDaemon,
  requireDaemon,
  writeDaemon,
  type DaemonEvidence,
} from "../support/daemon";
import { environmentWith } from "../support/tools";
import { docker, projectOf, type Engine } from "./docker";

/**
 * Checks that the answering Docker daemon is the one recorded for a stack.
 * @throws Failure (exit code 2) that names both
 */
export function checkDaemon(stack: string, answers: Docker): void {
  requireDaemon(stack, { record: readDaemon(stack), answers, deployed: [], present: [] });
}

/**
 * Checks the daemon before a deployment, and records it for a stack that has none. If an earlier version deployed the
 * stack, the daemon must have a container or a volume of it.
 */
export async function bindDaemon(stack: string, answers: Docker): Promise<void> {
  requireDaemon(stack, await evidenceOf(stack, answers));
  if (answers.id !== undefined && readDaemon(stack) === undefined) {
    writeDaemon(stack, { id: answers.id, source: answers.source });
  }
}

/**
 * Forgets the daemon of a stack that has nothing on it any more: no system in the state, and no container or volume of
 * any project of the stack, also of systems that the catalog no longer contains. Returns whether it did.
 */
export async function releaseDaemon(stack: string, engine: Engine): Promise<boolean> {
  if (deployedSystems(stack)?.length !== 0 || readDaemon(stack) === undefined) {
    return false;
  }
  const ending = projectOf("", stack);
  if ((await projectsIn(engine)).some((project) => project.endsWith(ending))) {
    return false;
  }
  forgetDaemon(stack);
  return true;
}

/** Reason why the answering daemon is not the one that the stack was deployed on; undefined if it is. */
export async function daemonProblemOf(stack: string, answers: Docker): Promise<string | undefined> {
  return daemonProblem(stack, await evidenceOf(stack, answers));
}

async function evidenceOf(stack: string, answers: Docker): Promise<DaemonEvidence> {
  const record = readDaemon(stack);
  const systems = record === undefined ? (deployedSystems(stack) ?? []) : [];
  const deployed = systems.map((system) => projectOf(system, stack));
  const present = deployed.length === 0 ? [] : await projectsOn(answers);
  return { record, answers, deployed, present: deployed.filter((project) => present.includes(project)) };
}

function projectsOn({ env }: Docker): Promise<string[]> {
  return projectsIn({ env: environmentWith(env) });
}

/** Projects with containers or volumes on a daemon. */
async function projectsIn(engine: Engine): Promise<string[]> {
  const format = ["--format", '{{.Label "com.docker.compose.project"}}'];
  const outputs = await Promise.all([
    docker(engine, ["ps", "--all", ...format]),
    docker(engine, ["volume", "ls", ...format]),
  ]);
  return outputs.flatMap((output) => output.split("\n"));
}
