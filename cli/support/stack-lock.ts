import { AsyncLocalStorage } from "node:async_hooks";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryFlock } from "../../tools/flock";
import { ensureInstallation } from "../../tools/installation";
import { dataDir } from "../../tools/paths";
import { livenessOf } from "../../tools/process-identity";
import {
  describeHolder,
  lockFile,
  LOCK_VARIABLE,
  openLock,
  passedToken,
  readHolder,
  unlessDiskIsFull,
  writeHolder,
  type LockHolder,
} from "../../tools/stack-lock-file";
import { EXIT, Failure } from "./failure";

export { describeHolder, lockFile, LOCK_VARIABLE, type LockHolder } from "../../tools/stack-lock-file";

export interface StackLockOptions {
  /** Parent folder of the lock files. @default - the data folder */
  readonly folder?: string;
  /** The command as recorded for others. @default - `longshore` and the purpose */
  readonly command?: string;
  /** Called once if the lock is taken and this command waits for it. @default - prints a line to standard error */
  readonly onWait?: (text: string) => void;
  /** Milliseconds to wait for another running command. @default - `--wait`, otherwise 0 */
  readonly waitMs?: number;
  /** Milliseconds to wait for processes that a killed command left running. @default 5 minutes */
  readonly remainsMs?: number;
}

/** An engine whose command was killed ends after its running operations; the longest one is a health wait. */
const REMAINS_MS = 5 * 60_000;
const POLL_MS = 200;

let patienceMs = 0;

/** Sets the time to wait for a command that holds the stack, for all commands: `--wait`. */
export function setLockPatience(milliseconds: number): void {
  patienceMs = milliseconds;
}

/** Held locks by file descriptor. Engines inherit these descriptors: see {@link heldDescriptors}. */
const descriptors = new Map<number, { readonly file: string; readonly token: string }>();
/** Locks that a caller, directly or indirectly, already holds. */
const context = new AsyncLocalStorage<ReadonlyMap<string, LockHolder>>();

/** An engine that was started under a lock and is not known to have ended. */
export interface EngineRecord {
  readonly pid: number;
  readonly host: string;
  /** ISO time. */
  readonly since: string;
  /** Token of the lock that the engine was started under. */
  readonly token: string;
}

/**
 * Runs work while no other longshore command changes the stack. Applies to all commands with this data folder, in any
 * container or PID namespace of this kernel. The lock is a flock(2) on `locks/<stack>.lock` in the data folder. The
 * kernel releases it after this process and every engine it started have ended for any reason. Nested calls for the
 * same stack run under the outer lock.
 *
 * @param purpose the command, such as `up` or `secrets rotate`
 * @throws Failure (exit code 3) that names the holder if another command holds the lock
 */
export async function withStackLock<T>(
  stack: string,
  purpose: string,
  work: () => Promise<T>,
  options: StackLockOptions = {},
): Promise<T> {
  const { folder = ownDataDir() } = options;
  const file = lockFile(stack, folder);
  const held = context.getStore() ?? new Map<string, LockHolder>();
  if (held.has(file) || isHeldByParent(stack, file)) {
    return work();
  }
  const { descriptor, holder } = await acquire(file, stack, purpose, options);
  descriptors.set(descriptor, { file, token: holder.token });
  try {
    return await context.run(new Map([...held, [file, holder]]), work);
  } finally {
    descriptors.delete(descriptor);
    // The file is not deleted: a command that has just opened it would lock a file that others cannot see.
    ftruncateSync(descriptor);
    closeSync(descriptor);
  }
}

/** The data folder, after its identity was created: objects that the command creates are owned by it. */
function ownDataDir(): string {
  ensureInstallation();
  return dataDir();
}

/** Descriptors that an engine must inherit, so that the stack stays locked while the engine outlives its command. */
export function heldDescriptors(): readonly number[] {
  return [...descriptors.keys()];
}

/** Whether this command, or the command that started it, holds the stack. */
export function holdsStack(stack: string, folder = dataDir()): boolean {
  const file = lockFile(stack, folder);
  return context.getStore()?.has(file) === true || isHeldByParent(stack, file);
}

/**
 * Records an engine that was started under this process's locks. If this process is killed, a lock in the state can
 * then be attributed to the engine. Returns a function that deletes the record.
 */
export function noteEngine(pid: number): () => void {
  const notes = [...descriptors.values()].map(({ file, token }) => {
    const record: EngineRecord = { pid, host: hostname(), since: new Date().toISOString(), token };
    const note = `${file}.engine.${pid}`;
    unlessDiskIsFull(() => {
      writeFileSync(note, JSON.stringify(record), { mode: 0o600 });
    });
    return note;
  });
  return () => {
    notes.forEach((note) => {
      rmSync(note, { force: true });
    });
  };
}

/**
 * Engines of killed commands. They have ended, because they would otherwise hold the lock that the caller holds. Empty
 * if the caller does not hold the stack.
 */
export function endedEngines(stack: string, folder = dataDir()): EngineRecord[] {
  const file = lockFile(stack, folder);
  if (!holdsStack(stack, folder)) {
    return [];
  }
  const current = new Set([readHolder(file)?.token]);
  return engineNotes(file).flatMap((note) => {
    const record = readEngine(note);
    return record && !current.has(record.token) ? [record] : [];
  });
}

/** Deletes the records of {@link endedEngines} after their locks in the state were removed. */
export function forgetEndedEngines(stack: string, folder = dataDir()): void {
  const file = lockFile(stack, folder);
  const ended = new Set(endedEngines(stack, folder).map(({ pid }) => `${file}.engine.${pid}`));
  for (const note of engineNotes(file).filter((one) => ended.has(one))) {
    rmSync(note, { force: true });
  }
}

function engineNotes(file: string): string[] {
  const prefix = `${basename(file)}.engine.`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(dirname(file), name));
}

function readEngine(note: string): EngineRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(note, "utf8")) as EngineRecord;
    return typeof record.pid === "number" && typeof record.token === "string" ? record : undefined;
  } catch {
    // The command was killed while writing the record. The engine was started, and its lock is judged by its process.
    return undefined;
  }
}

/** Environment for a child process that is a `longshore` command and runs under this command's lock. */
export function lockEnvironment(stack: string, folder = dataDir()): Record<string, string> {
  const holder = context.getStore()?.get(lockFile(stack, folder));
  return holder ? { [LOCK_VARIABLE]: `${stack}:${holder.token}` } : {};
}

/** Environment for an engine, whose providers run under the locks that this process holds. */
export function engineLockEnvironment(): Record<string, string> {
  const own = [...descriptors.values()].map(({ file, token }) => `${basename(file, ".lock")}:${token}`);
  return own.length > 0 ? { [LOCK_VARIABLE]: own.join(",") } : {};
}

/** Holder of a stack's lock. Undefined if it is free, or the holder is not recorded yet. Does not take the lock. */
export function lockHolder(stack: string, folder = dataDir()): LockHolder | undefined {
  const file = lockFile(stack, folder);
  const descriptor = openLock(file);
  try {
    return tryLock(descriptor, file) ? undefined : readHolder(file);
  } finally {
    closeSync(descriptor);
  }
}

async function acquire(
  file: string,
  stack: string,
  purpose: string,
  {
    command = `longshore ${purpose}`,
    waitMs = patienceMs,
    remainsMs = REMAINS_MS,
    onWait = say,
  }: StackLockOptions,
): Promise<{ descriptor: number; holder: LockHolder }> {
  const started = Date.now();
  let hasSaid = false;
  for (;;) {
    const descriptor = openLock(file);
    if (tryLock(descriptor, file) && isStill(descriptor, file)) {
      return { descriptor, holder: writeHolder(descriptor, command) };
    }
    closeSync(descriptor);
    const holder = readHolder(file);
    const isGone = holder === undefined || livenessOf(holder) === "dead";
    if (Date.now() - started >= (isGone ? Math.max(remainsMs, waitMs) : waitMs)) {
      throw new Failure(refusal(stack, file, holder, isGone), EXIT.busy);
    }
    // A lock without a recorded holder was taken or released a moment ago; that is not reported.
    if (!hasSaid && (holder !== undefined || Date.now() - started > 2_000)) {
      hasSaid = true;
      onWait(`waiting for ${isGone ? remainsOf(holder) : describeHolder(holder)}`);
    }
    await sleep(POLL_MS);
  }
}

function refusal(stack: string, file: string, holder: LockHolder | undefined, isGone: boolean): string {
  return isGone
    ? `stack ${stack}: expected ${remainsOf(holder)} to end, but it still runs and holds ${file}; ` +
        `fix: wait for it, or find and end it: lsof ${file}`
    : `stack ${stack}: expected no other command, got ${describeHolder(holder)}; ` +
        "fix: try again when it has ended, or wait for it with --wait 10m";
}

function remainsOf(holder: LockHolder | undefined): string {
  return `the engine of ${holder === undefined ? "an interrupted command" : `an interrupted ${describeHolder(holder)}`}`;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function tryLock(descriptor: number, file: string): boolean {
  try {
    return tryFlock(descriptor);
  } catch (error) {
    closeSync(descriptor);
    throw new Failure(
      `${file}: cannot be locked: ${error instanceof Error ? error.message : String(error)}`,
      EXIT.usage,
      { cause: error },
    );
  }
}

/** Whether the locked file is the one that the next command will open. The folder may have been deleted. */
function isStill(descriptor: number, file: string): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const { dev, ino } = fstatSync(descriptor);
  return there !== undefined && there.dev === dev && there.ino === ino;
}

function isHeldByParent(stack: string, file: string): boolean {
  const token = passedToken(stack);
  return token !== undefined && token === readHolder(file)?.token;
}
