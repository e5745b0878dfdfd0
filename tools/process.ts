import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, open, readFile, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Receives one line about long-running work. */
export type Logger = (line: string) => void;

export interface CommandResult {
  /** Exit code; 127 if the program does not exist, 124 after a timeout. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Timeout in milliseconds; 0 means none. @default 30 seconds */
  readonly timeoutMs?: number;
  /** Whether to use a separate process group, so that Ctrl-C reaches only the caller. @default false */
  readonly detached?: boolean;
  /** Text for standard input. @default - none */
  readonly input?: string;
  /** Called with every line of standard error. */
  readonly onLine?: Logger;
}

/** Runs a program to completion. Never throws: the result contains the failure. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const { env = process.env, cwd, timeoutMs = 30_000, detached = false, input, onLine } = options;
  return new Promise((done) => {
    const child = spawn(command, args, {
      env,
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: timeoutMs,
      detached,
    });
    // A program may exit without reading its input.
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
    // `killed` is set by the timeout only; any other signal counts as a failure.
    child.on("close", (code) => {
      done({ code: child.killed ? 124 : (code ?? 128), stdout, stderr });
    });
  });
}

/** Last non-empty line. */
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

/** Timeout for a lock that another process holds. */
const LOCK_PATIENCE_MS = 30 * 60_000;

/**
 * Runs work in one process at a time; the others wait, then check whether it is done. The lock file contains the
 * holder's process id, so that the lock of a killed process is detected.
 */
export async function withLock<T>(file: string, say: Logger, work: () => Promise<T>): Promise<T> {
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
