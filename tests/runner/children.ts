import { spawn } from "node:child_process";

export interface ChildOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the process when it has not ended by itself. */
  readonly limitMs: number;
  readonly onOutput?: (text: string) => void;
}

export interface Ended {
  readonly code: number;
  readonly output: string;
  /** Why it was ended. */
  readonly problem?: string;
}

/** Process groups that run. A test starts others, and a signal must reach those too. */
const groups = new Set<number>();

/** A process that was asked to end has this long for its `after` hooks. */
const GRACE_MS = 120_000;

/** The last output of a process that has ended is waited for this long. */
const DRAIN_MS = 5_000;

/** Runs a process in a group of its own, and keeps what it prints. Never rejects. */
export function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<Ended> {
  const { cwd, env, limitMs, onOutput } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const group = child.pid;
    let output = "";
    let problem: string | undefined;
    const end = (code: number) => {
      clearTimeout(limit);
      clearTimeout(drained);
      resolve({ code, output, ...(problem !== undefined && { problem }) });
    };
    const limit = setTimeout(() => {
      problem = `expected it to end within ${Math.round(limitMs / 60_000)} min, and ended it`;
      if (group !== undefined) {
        endGroup(group);
      }
    }, limitMs);
    if (group !== undefined) {
      groups.add(group);
    }
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      onOutput?.(chunk.toString());
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", (error) => {
      problem = error.message;
      end(127);
    });
    let drained: NodeJS.Timeout | undefined;
    child.on("exit", (code) => {
      if (group !== undefined) {
        // What a test started and left behind ends with it.
        signalGroup(group, "SIGKILL");
        groups.delete(group);
      }
      // A daemon in a session of its own may hold the pipe open.
      drained = setTimeout(end, DRAIN_MS, code ?? 1);
    });
    child.on("close", (code) => {
      end(code ?? 1);
    });
  });
}

/** Asks all processes to end, and kills what has not ended after a while. */
export function endChildren(): void {
  groups.forEach(endGroup);
}

/** For the last moment of this process. */
export function killChildren(): void {
  for (const group of groups) {
    signalGroup(group, "SIGKILL");
  }
}

function endGroup(group: number): void {
  signalGroup(group, "SIGINT");
  setTimeout(() => {
    if (groups.has(group)) {
      signalGroup(group, "SIGKILL");
    }
  }, GRACE_MS).unref();
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended.
  }
}
