import { spawn } from "node:child_process";
import { delimiter, dirname, isAbsolute } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation";
import { heldDescriptors, noteEngine } from "../support/stack-lock";

/** What a run of the CLI said. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A run of the Pulumi CLI that did not end with 0. Its text is the CLI's own, without our wrapping. */
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

/** `error: …` lines of the CLI without the label, or whatever it said last. */
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
  /** Given to standard input: the way for secrets, which must never be arguments. @default - none */
  readonly input?: string;
  readonly onOutput?: (text: string) => void;
  readonly onError?: (text: string) => void;
}

/**
 * The Pulumi CLI as the Automation API starts it, with two differences: every run is in a process group
 * of its own, so that a Ctrl-C at the terminal reaches the engine once (twice means "drop everything" to
 * it) and only through `interrupt`; and values can be given through standard input.
 */
export class EngineCommand {
  private readonly running = new Set<number>();

  constructor(
    /** Path of the executable. */
    readonly command: string,
    readonly version: string,
  ) {}

  /** What the Automation API takes; it calls nothing but `run` and `version`. */
  forAutomation(): PulumiCommand {
    const run = (
      args: string[],
      cwd: string,
      env: Record<string, string>,
      onOutput?: (text: string) => void,
      onError?: (text: string) => void,
    ) => this.run(args, { cwd, env, ...(onOutput && { onOutput }), ...(onError && { onError }) });
    // The class has a private constructor that only a needless start of the CLI reaches.
    return {
      command: this.command,
      version: { toString: () => this.version },
      run,
    } as unknown as PulumiCommand;
  }

  /** Runs the CLI. @throws EngineError when it does not end with 0 */
  run(args: readonly string[], { cwd, env, input, onOutput, onError }: RunOptions): Promise<CommandOutput> {
    const folder = isAbsolute(this.command) ? [dirname(this.command)] : [];
    const child = spawn(this.command, [...args, "--non-interactive"], {
      cwd,
      // The folder of the CLI comes first so that plugins bundled with it are found.
      env: {
        ...process.env,
        ...env,
        PATH: [...folder, env["PATH"] ?? process.env["PATH"] ?? ""].join(delimiter),
        PULUMI_AUTOMATION_API: "true",
      },
      // An engine whose command was killed goes on: the stack stays locked until it has ended.
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
        forget();
        if (code === 0) {
          resolve({ ...output, code });
        } else {
          reject(new EngineError(output.stdout, output.stderr, code ?? -1));
        }
      });
    });
  }

  /** Asks the running engine to stop after what is under way; asking twice makes it drop that too. */
  interrupt(signal: "SIGINT" | "SIGKILL" = "SIGINT"): void {
    for (const pid of this.running) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
  }
}
