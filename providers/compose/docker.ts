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
  /**
   * Timeout in seconds, excluding time in which the machine was suspended. `Infinity` for commands that report
   * progress.
   * @default 120
   */
  timeoutSeconds?: number;
  /** File descriptors that stay open until the command ends, such as that of a lock. */
  inherit?: readonly number[];
}

const DEFAULT_TIMEOUT_SECONDS = 120;

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output and standard error, in order of arrival. */
  readonly all: string;
  /** Exit code; 130 if the signal ended the command. */
  readonly exitCode: number;
}

/** A failed docker command, with its output. */
export class DockerError extends UserError {
  constructor(args: readonly string[], { stdout, stderr }: RunResult) {
    const said = lastLines(stderr || stdout, 12) || "no output";
    super(remedyFor(said, args) ?? `docker ${commandOf(args)} failed: ${said}`);
  }
}

function remedyFor(said: string, [command]: readonly string[]): string | undefined {
  if (NO_ADDRESSES.test(said)) {
    return MORE_ADDRESSES;
  }
  return command === "compose" && NO_COMPOSE.test(said) ? INSTALL_COMPOSE : undefined;
}

function commandOf(args: readonly string[]): string {
  return args
    .filter((word) => !word.startsWith("-"))
    .slice(0, 2)
    .join(" ");
}

/** A docker command without the plugin takes the options of `docker compose` for its own. */
const NO_COMPOSE = /unknown flag: --(project-name|file)|'compose' is not a docker command/;
const INSTALL_COMPOSE =
  "docker compose: expected Docker Compose 2, found no Compose plugin; install it (https://docs.docker.com/compose/install)";

const NO_ADDRESSES = /all predefined address pools have been fully subnetted/;
/** Remedy for exhausted address pools. Docker's default pools allow about thirty networks across all projects. */
const MORE_ADDRESSES =
  "the engine has no address range left for another network; remove unused ones with `docker network prune`, or give " +
  'it more: {"default-address-pools": [{"base": "10.128.0.0/16", "size": 24}]} in daemon.json, and restart it';

/** Runs a docker command. Arguments must not contain secrets, because every user of the machine can read them. */
export async function docker(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryDocker(args, options);
  if (result.exitCode !== 0) {
    throw new DockerError(args, result);
  }
  return result;
}

/** A docker command that exceeded its timeout. Whether it had an effect is unknown. */
export class DockerTimeout extends UserError {
  constructor(args: readonly string[], seconds: number) {
    super(
      `docker ${commandOf(args)}: no answer within ${seconds} s; check the Docker daemon with \`docker info\`, then run the command again`,
    );
  }
}

export type DockerCommand = (args: readonly string[], options: RunOptions) => Promise<RunResult>;

let command: DockerCommand = spawnDocker;

/** Replaces the `docker` command in tests; without an argument, restores it. */
export function useDockerCommand(replacement: DockerCommand = spawnDocker): void {
  command = replacement;
}

/** Like `docker`, but returns the result of a failed command. @throws DockerTimeout */
export function tryDocker(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return command(args, options);
}

/**
 * Runs docker in its own process group. Ctrl-C at the terminal then reaches only this process, which decides which
 * steps to finish and which to undo.
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
    // A command may exit without reading its input.
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

/** Kills a command and its child processes, such as the Compose plugin. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid, "SIGKILL");
    }
  } catch {
    // The process group has already exited.
  }
}

/** The caller's environment without variables that change the behavior of the Compose commands here. */
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

/** Path of the Docker socket in use, for containers that mount it. */
export function engineSocket(host = ""): string {
  return host.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock";
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
