import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Docker } from "../../tools/docker";
import { replaceFile } from "../../tools/files";
import { dataDir } from "../../tools/paths";
import { usage } from "./failure";

/** The Docker daemon that a stack was deployed on. */
export interface DaemonRecord {
  readonly id: string;
  readonly source: Docker["source"];
}

const fileOf = (stack: string, folder: string): string => join(folder, "daemons", `${stack}.json`);

/**
 * Reads the recorded daemon of a stack. Undefined before the first deployment, and if an earlier version deployed the
 * stack.
 */
export function readDaemon(stack: string, folder = dataDir()): DaemonRecord | undefined {
  try {
    const { id, source } = JSON.parse(readFileSync(fileOf(stack, folder), "utf8")) as Record<string, unknown>;
    return typeof id === "string" && (source === "own" || source === "lab") ? { id, source } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

export function writeDaemon(stack: string, { id, source }: DaemonRecord, folder = dataDir()): void {
  const file = fileOf(stack, folder);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, `${JSON.stringify({ id, source })}\n`);
}

/** Removes the record of a stack. The next deployment records the daemon that answers then. */
export function forgetDaemon(stack: string, folder = dataDir()): void {
  rmSync(fileOf(stack, folder), { force: true });
}

/** Evidence for whether a daemon is the one that a stack runs on. */
export interface DaemonEvidence {
  readonly record: DaemonRecord | undefined;
  readonly answers: Pick<Docker, "source" | "id">;
  /** Projects in the state. */
  readonly deployed: readonly string[];
  /** Projects in the state of which the answering daemon has containers or volumes. */
  readonly present: readonly string[];
}

/**
 * Reason why an answering daemon is not the one that a stack was deployed on. Undefined if it is, or if nothing is
 * deployed. A daemon without any object of the projects in the state is another daemon.
 */
export function daemonProblem(
  stack: string,
  { record, answers, deployed, present }: DaemonEvidence,
): string | undefined {
  const accept =
    "fix: start that daemon, or select it with DOCKER_HOST or `docker context use`; " +
    `to move to the daemon that answers, without the data: bin/longshore recover docker-daemon --stack ${stack}`;
  const got = `${answers.id ?? "one without an id"} (${nameOf(answers.source)})`;
  if (record !== undefined) {
    return answers.id === undefined || answers.id === record.id
      ? undefined
      : `Docker: expected the daemon ${record.id} (${nameOf(record.source)}) that stack ${stack} was deployed on, got ${got}; ${accept}`;
  }
  return deployed.length > 0 && present.length === 0
    ? `Docker: expected a daemon that has ${deployed.join(", ")}, as the state of stack ${stack} says, got ${got} without any of them; ${accept}`
    : undefined;
}

function nameOf(source: Docker["source"]): string {
  return source === "lab" ? "the lab's" : "this machine's own";
}

/** @throws Failure (exit code 2) if the answering daemon is not the one that the stack was deployed on */
export function requireDaemon(stack: string, evidence: DaemonEvidence): void {
  const problem = daemonProblem(stack, evidence);
  if (problem !== undefined) {
    throw usage(problem);
  }
}
