import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, open, readFile, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Takes one clear line about work that takes a while. */
export type Say = (line: string) => void;

export interface Ran {
  /** Exit code; 127 when there is no such program, 124 when the time was over. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** 0 for as long as it takes. @default 30 seconds */
  readonly timeoutMs?: number;
  /** Runs it in its own process group, so that Ctrl-C reaches only the caller. @default false */
  readonly shielded?: boolean;
  /** Given to standard input. @default - none */
  readonly input?: string;
  /** Every line of standard error as it comes. */
  readonly onLine?: Say;
}

/** Runs a program to its end. Never throws: the result contains the failure. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = process.env, cwd, timeoutMs = 30_000, shielded = false, input, onLine } = options;
  return new Promise((done) => {
    const child = spawn(command, args, {
      env,
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: timeoutMs,
      detached: shielded,
    });
    // A program that does not read its input is no failure.
    child.stdin.on("error", () => {}).end(input);
    let stdout = "";
    let stderr = "";
    let line = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const each of lines) {
        onLine?.(each);
      }
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      done({ code: error.code === "ENOENT" ? 127 : 126, stdout, stderr: error.message });
    });
    // `killed` says that the time limit ended it; another signal counts as a failure.
    child.on("close", (code) => {
      done({ code: child.killed ? 124 : (code ?? 128), stdout, stderr });
    });
  });
}

/** The last line that says something. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

/** The first of these programs on the PATH, as an absolute path. */
export async function which(
  names: readonly string[],
  path = process.env["PATH"] ?? "",
): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
      if (await isExecutable(join(folder, name))) {
        return join(folder, name);
      }
    }
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** How long to wait for someone else's work before giving up. */
const LOCK_PATIENCE_MS = 30 * 60_000;

/**
 * Lets one process at a time do the work; the others wait, then look whether it is done. The lock is a file
 * with the holder's process id, so that what a killed process left behind is recognised.
 */
export async function withLock<T>(file: string, say: Say, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const end = Date.now() + LOCK_PATIENCE_MS;
  let hasSaid = false;
  while (!(await takeLock(file))) {
    if (Date.now() > end) {
      throw new Error(`${file} has been held for half an hour; remove it if no other longshore command runs`);
    }
    if (!hasSaid) {
      say(`waiting for another process that is doing the same (${file})`);
      hasSaid = true;
    }
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function takeLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  }
  const holder = Number(await readFile(file, "utf8").catch(() => ""));
  if (holder > 0 && !isAlive(holder)) {
    await rm(file, { force: true });
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
