import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { runsAs, seesAllProcesses } from "../../tools/process-identity";
import { EXIT, Failure } from "../support/failure";
import { PROJECT } from "../support/project";
import { endedEngines, type EngineRecord } from "../support/stack-lock";

/** Holder of a stack's lock in a file backend. */
export interface Lock {
  readonly file: string;
  readonly pid: number;
  readonly hostname: string;
  readonly username: string;
  readonly since: string;
}

/** Locks folder of a file backend, in the engine's layout. */
const locksFolder = (state: string, project: string, stack: string) =>
  join(state, ".pulumi", "locks", "organization", project, stack);

export function locksOf(state: string, project: string, stack: string): Lock[] {
  const folder = locksFolder(state, project, stack);
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const lock = parseLock(join(folder, name));
      return lock ? [lock] : [];
    });
}

function parseLock(file: string): Lock | undefined {
  try {
    const {
      pid,
      hostname: host,
      username,
      timestamp,
    } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return typeof pid === "number" && typeof host === "string"
      ? { file, pid, hostname: host, username: String(username), since: String(timestamp) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Facts about engines by which a lock is judged. */
export interface EngineWorld {
  readonly host: string;
  /** Engines that were started under the stack's lock. The caller holds that lock now, so they have ended. */
  readonly ended: readonly Pick<EngineRecord, "pid" | "host" | "since">[];
  /** Whether every process of this kernel is visible; false in a container. */
  readonly seesAll: boolean;
  /** Whether an engine with this process id is visible. */
  readonly isEngine: (pid: number) => boolean;
}

/** Upper bound for the time from an engine's start to its lock, plus clock differences. */
const TAKES_LOCK_MS = 10 * 60_000;
const CLOCK_MS = 1_000;

/**
 * Whether a lock's engine has certainly ended. Either a longshore command started the engine and its stack lock is
 * free, or the engine would be visible on this machine and is not. Locks of engines on other machines, or started
 * manually in another PID namespace, are respected.
 */
export function isDead(lock: Lock, { host, ended, seesAll, isEngine }: EngineWorld): boolean {
  const taken = Date.parse(lock.since);
  const isOurs = ended.some((engine) => {
    const after = taken - Date.parse(engine.since);
    return (
      engine.pid === lock.pid && engine.host === lock.hostname && after >= -CLOCK_MS && after < TAKES_LOCK_MS
    );
  });
  return isOurs || (lock.hostname === host && seesAll && !isEngine(lock.pid));
}

/** Facts about a stack's engines that this process knows. */
export function engineWorld(stack: string): EngineWorld {
  return {
    host: hostname(),
    ended: endedEngines(stack),
    seesAll: seesAllProcesses(),
    isEngine: (pid) => runsAs(pid, "pulumi"),
  };
}

/** Sorts locks into those whose engine has ended and those whose engine runs or may run. */
export function judgeLocks(
  state: string,
  project: string,
  stack: string,
  world: EngineWorld = engineWorld(stack),
): { dead: Lock[]; alive: Lock[] } {
  const locks = locksOf(state, project, stack);
  const dead = locks.filter((lock) => isDead(lock, world));
  return { dead, alive: locks.filter((lock) => !dead.includes(lock)) };
}

/** Removes the locks of ended engines and returns them. The caller must hold the stack's lock. */
export function removeDeadLocks(
  state: string,
  project: string,
  stack: string,
  world: EngineWorld = engineWorld(stack),
): Lock[] {
  const { dead } = judgeLocks(state, project, stack, world);
  for (const { file } of dead) {
    rmSync(file, { force: true });
    rmSync(`${file}.attrs`, { force: true });
  }
  return dead;
}

/** Suffix of a file that the engine's file backend writes before it renames it. */
const PARTIAL = /\.[0-9a-f]{12,16}\.tmp$/;

/**
 * Removes files of a stack's state that a killed engine had not finished writing. Nothing reads them. The caller must
 * hold the stack's lock, and no engine may run.
 */
export function removePartialFiles(state: string, project: string, stack: string): string[] {
  const root = join(state, ".pulumi");
  const stacks = join(root, "stacks", project);
  const folders = [
    stacks,
    join(root, "history", project, stack),
    join(root, "backups", project, stack),
    locksFolder(state, project, stack),
  ];
  const partial = folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => PARTIAL.test(name) && (folder !== stacks || name.startsWith(`${stack}.`)))
      .map((name) => join(folder, name)),
  );
  partial.forEach((file) => {
    rmSync(file, { force: true });
  });
  return partial;
}

/**
 * Describes a lock: `process 812 of ada on laptop since 2026-11-30T09:12:44Z`, and the remedy if its process has
 * ended.
 */
function describeLock({ pid, username, hostname: host, since, file }: Lock): string {
  return (
    `a Pulumi engine (process ${pid} of ${username} on ${host}) since ${since}; fix: wait for it, or stop it; ` +
    (host === hostname() && seesAllProcesses()
      ? "it runs on this machine"
      : `if it has ended, run this command where it ran, or remove ${file}`)
  );
}

/** @throws Failure (exit code 3) while an engine that was started manually or on another machine locks the state */
export function requireNoEngine(state: string, stack: string): void {
  const [lock] = judgeLocks(state, PROJECT, stack).alive;
  if (lock) {
    throw new Failure(`stack ${stack}: expected no other change, got ${describeLock(lock)}`, EXIT.busy);
  }
}

/** Operations that were pending when an engine was killed. Empty if there is no state. */
export function pendingOperations(
  state: string,
  project: string,
  stack: string,
): { urn: string; type: string }[] {
  const file = join(state, ".pulumi", "stacks", project, `${stack}.json`);
  if (!existsSync(file)) {
    return [];
  }
  const content = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint?: { latest?: { pending_operations?: { resource: { urn: string }; type: string }[] } };
  };
  return (content.checkpoint?.latest?.pending_operations ?? []).map(({ resource, type }) => ({
    urn: resource.urn,
    type,
  }));
}

export function hasState(state: string, project: string, stack: string): boolean {
  return existsSync(join(state, ".pulumi", "stacks", project, `${stack}.json`));
}
