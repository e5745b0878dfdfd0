import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname, userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryFlock } from "../../tools/flock";
import { ensureInstallation } from "../../tools/installation";
import { dataDir } from "../../tools/paths";
import { identityOf, livenessOf, type ProcessIdentity } from "../../tools/process-identity";
import { EXIT, Failure } from "./failure";

/** The command that holds the lock of a stack, as the lock file names it. */
export interface LockHolder extends ProcessIdentity {
  /** Such as `longshore up`. */
  readonly command: string;
  readonly host: string;
  readonly user: string;
  /** ISO time. */
  readonly since: string;
  /** Random; a child process that got it from its parent works under the parent's lock. */
  readonly token: string;
}

export interface StackLockOptions {
  /** Folder of the private files. @default - the data folder */
  readonly folder?: string;
  /** Called once when the lock is taken and this command waits for it. @default - a line on standard error */
  readonly onWait?: (text: string) => void;
  /** How long to wait for another running command. @default - `--wait`, otherwise 0 */
  readonly waitMs?: number;
  /** How long to wait for what a killed command left running. @default 5 minutes */
  readonly remainsMs?: number;
}

/** An engine that lost its command ends after the operations that are under way; the longest is a health wait. */
const REMAINS_MS = 5 * 60_000;
const POLL_MS = 200;

/** `<stack>:<token>` of the parent's lock, for a child that is a `longshore` command itself. */
export const LOCK_VARIABLE = "LONGSHORE_STACK_LOCK";

let patienceMs = 0;

/** Sets how long every command waits for another one that holds the stack: `--wait`. */
export function setLockPatience(milliseconds: number): void {
  patienceMs = milliseconds;
}

/** What this process holds, by descriptor. Engines inherit these descriptors: see {@link heldDescriptors}. */
const descriptors = new Map<number, { readonly file: string; readonly token: string }>();
/** Stacks whose lock the caller, directly or further up, holds already. */
const context = new AsyncLocalStorage<ReadonlyMap<string, LockHolder>>();

/** An engine that was started under a lock and, as far as is known, has not ended. */
export interface EngineRecord {
  readonly pid: number;
  readonly host: string;
  /** ISO time. */
  readonly since: string;
  /** Of the lock that it was started under. */
  readonly token: string;
}

/**
 * Does work on a stack while no other longshore command changes it: of this data folder, in any container or PID
 * namespace of this kernel. The lock is a flock(2) on `locks/<stack>.lock` in the data folder. The kernel releases it
 * when this process and every engine it has started have ended, however they ended. Nested calls for the same stack
 * do their work under the outer lock.
 *
 * @param purpose the command, such as `up` or `secrets rotate`
 * @throws Failure (exit code 3) that names the holder when another command holds the lock
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
    // The file stays: whoever removed it would take the lock away from a command that has just opened it.
    ftruncateSync(descriptor);
    closeSync(descriptor);
  }
}

/** The data folder, with its identity: what the command is about to make belongs to it. */
function ownDataDir(): string {
  ensureInstallation();
  return dataDir();
}

/** Descriptors that an engine must inherit, so that the stack stays locked while it runs without its command. */
export function heldDescriptors(): readonly number[] {
  return [...descriptors.keys()];
}

/** Whether this command holds the stack, by itself or through the command that started it. */
export function holdsStack(stack: string, folder = dataDir()): boolean {
  const file = lockFile(stack, folder);
  return context.getStore()?.has(file) === true || isHeldByParent(stack, file);
}

/**
 * Notes an engine that has started under the locks of this process, so that a lock in the state can be told to be of
 * that engine when this process is killed. Returns what takes the note back.
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
 * Engines of earlier commands that were killed: they have ended, because they would hold the lock that the caller holds.
 * Empty when the caller does not hold the stack.
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

/** Removes the notes of {@link endedEngines}, once their locks in the state are gone. */
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
    // Killed before it was written: the engine was started, and its lock is judged by its process.
    return undefined;
  }
}

/** Variables for a child that is a `longshore` command and does its work under this command's lock. */
export function lockEnvironment(stack: string, folder = dataDir()): Record<string, string> {
  const holder = context.getStore()?.get(lockFile(stack, folder));
  return holder ? { [LOCK_VARIABLE]: `${stack}:${holder.token}` } : {};
}

/** The command that holds a stack; undefined when none does, or it has not said so yet. Does not take the lock. */
export function lockHolder(stack: string, folder = dataDir()): LockHolder | undefined {
  const file = lockFile(stack, folder);
  const descriptor = open(file);
  try {
    return tryLock(descriptor, file) ? undefined : readHolder(file);
  } finally {
    closeSync(descriptor);
  }
}

export function lockFile(stack: string, folder = dataDir()): string {
  return join(folder, "locks", `${stack}.lock`);
}

async function acquire(
  file: string,
  stack: string,
  purpose: string,
  { waitMs = patienceMs, remainsMs = REMAINS_MS, onWait = say }: StackLockOptions,
): Promise<{ descriptor: number; holder: LockHolder }> {
  const started = Date.now();
  let hasSaid = false;
  for (;;) {
    const descriptor = open(file);
    if (tryLock(descriptor, file) && isStill(descriptor, file)) {
      return { descriptor, holder: writeHolder(descriptor, purpose) };
    }
    closeSync(descriptor);
    const holder = readHolder(file);
    const isGone = holder === undefined || livenessOf(holder) === "dead";
    if (Date.now() - started >= (isGone ? Math.max(remainsMs, waitMs) : waitMs)) {
      throw new Failure(refusal(stack, file, holder, isGone), EXIT.busy);
    }
    // A lock without a name was taken, or released, a moment ago: not worth a line.
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

/** `longshore up (process 812 of ada on laptop, since 2026-11-30T09:12:44Z)` */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) {
    return "another longshore command";
  }
  const { command, pid, user, host, since } = holder;
  return `${command} (process ${pid} of ${user} on ${host}, since ${since})`;
}

function remainsOf(holder: LockHolder | undefined): string {
  return `the engine of ${holder === undefined ? "an interrupted command" : `an interrupted ${describeHolder(holder)}`}`;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function open(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
}

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

/** Whether the locked file is the one that the next command will open: the folder may have been removed. */
function isStill(descriptor: number, file: string): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const { dev, ino } = fstatSync(descriptor);
  return there !== undefined && there.dev === dev && there.ino === ino;
}

function writeHolder(descriptor: number, purpose: string): LockHolder {
  const holder: LockHolder = {
    command: `longshore ${purpose}`,
    ...identityOf(),
    host: hostname(),
    user: userName(),
    since: new Date().toISOString(),
    token: randomBytes(16).toString("hex"),
  };
  unlessDiskIsFull(() => {
    ftruncateSync(descriptor);
    writeSync(descriptor, `${JSON.stringify(holder)}\n`, 0);
  });
  return holder;
}

/** Names in lock files only inform: a full disk must not keep `down`, which frees space, from its work. */
function unlessDiskIsFull(write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOSPC" && code !== "EDQUOT") {
      throw error;
    }
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user without an entry in /etc/passwd.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

function readHolder(file: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as LockHolder;
    return typeof holder.pid === "number" && typeof holder.command === "string" ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isHeldByParent(stack: string, file: string): boolean {
  const given = process.env[LOCK_VARIABLE];
  return given !== undefined && given === `${stack}:${readHolder(file)?.token ?? ""}`;
}
