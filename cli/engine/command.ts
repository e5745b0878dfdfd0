import { spawn } from "node:child_process";
import { delimiter, dirname, isAbsolute } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation";
import { engineLockEnvironment, heldDescriptors, noteEngine } from "../support/stack-lock";

/** Output of a run of the CLI. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A run of the Pulumi CLI with a non-zero exit code. Its text is that of the CLI. */
export class EngineError extends Error {
  constructor(
    readonly stdout: string,
    readonly stderr: string,
    readonly code: number,
  ) {
    super(engineMessage(stderr, stdout));
    this.name = "EngineError";
  }

  get isStackMissing(): boolean {
    return /no stack named .* found/.test(this.stderr);
  }

  get isLocked(): boolean {
    return /stack is currently locked by|\[409\] Conflict/.test(this.stderr);
  }
}

/** `error: …` lines of the CLI without the label, or its last output. */
function engineMessage(stderr: string, stdout: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  const errors = lines
    .filter((line) => line.startsWith("error: "))
    .map((line) => line.slice("error: ".length));
  const said = errors.length > 0 ? errors : lines;
  return (said.length > 0 ? said : stdout.trim().split("\n").slice(-3)).join("\n");
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * Text for standard input. Secrets are passed this way, because arguments are visible to other users.
   * @default - none
   */
  readonly input?: string;
  readonly onOutput?: (text: string) => void;
  readonly onError?: (text: string) => void;
}

/**
 * Runs the Pulumi CLI like the Automation API, with two differences. Every run has its own process group, so that
 * Ctrl-C at the terminal reaches the engine only through `interrupt`; a second signal would make it abandon running
 * operations. Values can be passed through standard input.
 */
export class EngineCommand {
  private readonly running = new Set<number>();

  constructor(
    /** Path of the executable. */
    readonly command: string,
    readonly version: string,
  ) {}

  /** Adapter for the Automation API, which calls only `run` and `version`. */
  forAutomation(): PulumiCommand {
    const run = (
      args: string[],
      cwd: string,
      env: Record<string, string>,
      onOutput?: (text: string) => void,
      onError?: (text: string) => void,
    ) => this.run(args, { cwd, env, ...(onOutput && { onOutput }), ...(onError && { onError }) });
    // The class has a private constructor; its factory would start the CLI once more.
    return {
      command: this.command,
      version: { toString: () => this.version },
      run,
    } as unknown as PulumiCommand;
  }

  /** Runs the CLI. @throws EngineError if the exit code is not 0 */
  run(args: readonly string[], { cwd, env, input, onOutput, onError }: RunOptions): Promise<CommandOutput> {
    const folder = isAbsolute(this.command) ? [dirname(this.command)] : [];
    const child = spawn(this.command, [...args, "--non-interactive"], {
      cwd,
      // The CLI's folder comes first, so that its bundled plugins are found.
      env: {
        ...process.env,
        ...env,
        ...engineLockEnvironment(),
        PATH: [...folder, env["PATH"] ?? process.env["PATH"] ?? ""].join(delimiter),
        PULUMI_AUTOMATION_API: "true",
      },
      // Inherits the lock: after the command is killed, its engine keeps running and the stack stays locked until it
      // ends.
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe", ...heldDescriptors()],
      detached: true,
    });
    const output = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
      onOutput?.(text);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
      onError?.(text);
    });
    if (input !== undefined) {
      child.stdin?.on("error", () => {}).end(input);
    }
    const { pid } = child;
    let forget = (): void => undefined;
    if (pid !== undefined) {
      this.running.add(pid);
      forget = noteEngine(pid);
    }
    return new Promise((resolve, reject) => {
      child.once("error", (error) => {
        reject(new EngineError("", `error: ${this.command}: ${error.message}`, -1));
      });
      child.once("close", (code) => {
        if (pid !== undefined) {
          this.running.delete(pid);
        }
        if (code === 0) {
          forget();
          resolve({ ...output, code });
        } else {
          reject(new EngineError(output.stdout, output.stderr, code ?? -1));
        }
      });
    });
  }

  /** Asks the running engine to stop after the running operations. A second call makes it abandon them. */
  interrupt(signal: "SIGINT" | "SIGKILL" = "SIGINT"): void {
    for (const pid of this.running) {
      try {
        process.kill(pid, signal);
      } catch {
        // The process has already ended.
      }
    }
  }
}
