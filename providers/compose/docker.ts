import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { UserError } from "./errors";
import { Stopwatch } from "./stopwatch";

export interface RunOptions {
  /** Written to the command's standard input. */
  input?: string | Uint8Array;
  env?: Record<string, string>;
  /** Ends the command when aborted. */
  signal?: AbortSignal;
  /** Called with each line of standard error as it comes. */
  onLine?: (line: string) => void;
  /** Longest run, time of a suspended machine not counted. `Infinity` for work that shows its progress. @default 120 */
  timeoutSeconds?: number;
  /** File descriptors that stay open until the command ends, such as a lock's. */
  inherit?: readonly number[];
}

const DEFAULT_TIMEOUT_SECONDS = 120;

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order they came. */
  readonly all: string;
  /** 130 when it was ended by the signal. */
  readonly exitCode: number;
}

/** A docker command that failed, with what it said. */
export class DockerError extends UserError {
  constructor(args: readonly string[], { stdout, stderr }: RunResult) {
    const said = lastLines(stderr || stdout, 12) || "no output";
    super(NO_ADDRESSES.test(said) ? MORE_ADDRESSES : `docker ${commandOf(args)} failed: ${said}`);
  }
}

function commandOf(args: readonly string[]): string {
  return args
    .filter((word) => !word.startsWith("-"))
    .slice(0, 2)
    .join(" ");
}

const NO_ADDRESSES = /all predefined address pools have been fully subnetted/;
/** The engine's own pools are large ranges: some thirty networks, of all projects together. */
const MORE_ADDRESSES =
  "the engine has no address range left for another network; remove unused ones with `docker network prune`, or give " +
  'it more: {"default-address-pools": [{"base": "10.128.0.0/16", "size": 24}]} in daemon.json, and restart it';

/** Runs a docker command. Nothing secret may be in its arguments: every user of the machine can read those. */
export async function docker(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryDocker(args, options);
  if (result.exitCode !== 0) {
    throw new DockerError(args, result);
  }
  return result;
}

/** A docker command that did not end in time: whether it had an effect is not known. */
export class DockerTimeout extends UserError {
  constructor(args: readonly string[], seconds: number) {
    super(
      `docker ${commandOf(args)}: no answer within ${seconds} s; check the Docker daemon with \`docker info\`, then run the command again`,
    );
  }
}

export type DockerCommand = (args: readonly string[], options: RunOptions) => Promise<RunResult>;

let command: DockerCommand = spawnDocker;

/** For tests: another command in the place of `docker`, or the real one again. */
export function useDockerCommand(replacement: DockerCommand = spawnDocker): void {
  command = replacement;
}

/** As `docker`, for commands whose failure is an answer. @throws DockerTimeout */
export function tryDocker(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return command(args, options);
}

/**
 * Runs docker in a process group of its own: a Ctrl-C at the terminal reaches only this process, which decides what to
 * finish and what to undo.
 */
function spawnDocker(args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { input, env, signal, onLine, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, inherit = [] } = options;
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, {
      env: dockerEnvironment(env),
      stdio: ["pipe", "pipe", "pipe", ...inherit],
      detached: true,
    }) as ChildProcessWithoutNullStreams;
    const end = () => child.kill("SIGINT");
    signal?.addEventListener("abort", end);
    if (signal?.aborted) {
      end();
    }
    const stopwatch = new Stopwatch();
    const timer = setInterval(() => {
      if (stopwatch.seconds() >= timeoutSeconds) {
        killGroup(child.pid);
        finish();
        reject(new DockerTimeout(args, timeoutSeconds));
      }
    }, Stopwatch.INTERVAL_MILLISECONDS);
    const finish = () => {
      clearInterval(timer);
      signal?.removeEventListener("abort", end);
    };
    const output = { stdout: "", stderr: "", all: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        output[stream] += text;
        output.all += text;
      });
    }
    if (onLine) {
      createInterface(child.stderr).on("line", onLine);
    }
    // A command that does not read its input is no failure.
    child.stdin.on("error", () => undefined).end(input);
    child.on("error", (error: NodeJS.ErrnoException) => {
      finish();
      const missing = "docker: command not found; install Docker Engine with the Compose plugin";
      reject(new UserError(error.code === "ENOENT" ? missing : `docker: ${error.message}`));
    });
    child.on("close", (exitCode) => {
      finish();
      resolve({ ...output, exitCode: exitCode ?? 130 });
    });
  });
}

/** Ends a command and what it started, such as the Compose plugin. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid, "SIGKILL");
    }
  } catch {
    // It has just ended.
  }
}

/** The caller's environment without what would change the meaning of our Compose commands. */
export function dockerEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("COMPOSE_"));
  return {
    ...Object.fromEntries(kept),
    COMPOSE_IGNORE_ORPHANS: "true",
    DOCKER_CLI_HINTS: "false",
    ENGINE_SOCKET: engineSocket(process.env["DOCKER_HOST"]),
    ...more,
  };
}

/** Where the engine that we talk to has its socket: what a container mounts that asks it. */
export function engineSocket(host = ""): string {
  return host.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock";
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
