import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run, type CommandResult } from "../../tools/process";
import { Checkout } from "../support/checkout";
import type { Status } from "../support/end-to-end";
import type { Operation } from "./rounds";
import { processesIn } from "./victims";

/** An operation that runs, in a process group of its own as a terminal would start it. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<CommandResult>;
}

const QUIET_LIMIT_MS = 180_000;
const COMMAND_LIMIT_MS = 600_000;

/** AI todo in a checkout and a data folder of its own: what the campaign kills and examines. */
export class Subject {
  readonly checkout = new Checkout();
  readonly dumps = join(this.checkout.folder, "dumps");
  /** Folder for temporary files of the commands. */
  readonly temporary = join(this.checkout.folder, "tmp");
  readonly url: string;
  /** Everything that any command printed. */
  readonly printed: string[] = [];
  private taken = 0;

  constructor(port: number) {
    this.url = `http://127.0.0.1:${port}/api/todos`;
    mkdirSync(this.dumps);
    mkdirSync(this.temporary);
    this.checkout.presetLocal(
      `config:\n  longshore:systems: [todo]\n  longshore:ports:\n    todo: ${port}\n` +
        `  longshore:todo:\n    settings:\n      logLevel: info\n`,
    );
  }

  /** Starts the command of an operation. */
  start(operation: Operation): Running {
    if (operation === "up-with-change") {
      this.toggleSetting();
    }
    return this.spawn(this.argumentsOf(operation));
  }

  /** Runs a command of `longshore` to its end. */
  async longshore(...args: string[]): Promise<CommandResult> {
    const { ended } = this.spawn(args);
    return ended;
  }

  /** What commands have printed since the last call. */
  takePrinted(): string {
    const text = this.printed.slice(this.taken).join("\n");
    this.taken = this.printed.length;
    return text;
  }

  status(): Promise<Status> {
    return this.checkout.json<Status>("status");
  }

  /** Runs a statement as the administrator and returns its rows. */
  async sql(statement: string, system: string): Promise<string[]> {
    const args = ["exec", "-i", system, "psql", "-U", "postgres", "-d", "todo", "-Atq"];
    const { code, stdout, stderr } = await run("docker", [...args, "-v", "ON_ERROR_STOP=1", "-c", statement]);
    if (code !== 0) {
      throw new Error(`${statement}: exit ${code}: ${stderr.trim()}`);
    }
    return stdout.split("\n").filter((line) => line !== "");
  }

  /** Waits until no process of an earlier command is left. @returns those that are, after the limit */
  async untilQuiet(): Promise<number[]> {
    const end = Date.now() + QUIET_LIMIT_MS;
    let left = processesIn(this.checkout.folder);
    while (left.length > 0 && Date.now() < end) {
      await sleep(200);
      left = processesIn(this.checkout.folder);
    }
    return left;
  }

  private argumentsOf(operation: Operation): string[] {
    switch (operation) {
      case "up-without-change":
      case "up-with-change":
      case "create":
        return ["up", "--yes"];
      case "restart-database":
        return ["restart", "todo/db"];
      case "restart-backend":
        return ["restart", "todo/backend"];
      case "rotate-application-password":
        return ["secrets", "rotate", "todo.db-app-password", "--up"];
      case "rotate-administrator-password":
        return ["secrets", "rotate", "todo.db-admin-password", "--up"];
      case "rotate-migration-password":
        return ["secrets", "rotate", "todo.db-migrate-password", "--up"];
      case "backup":
        return ["backup", "todo/db", "--to", this.dumps];
      case "restore":
        return ["restore", "todo/db", "--from", this.dumps, "--yes"];
      case "down-and-up":
        return ["down", "--yes"];
      case "destroy":
        return ["down", "--volumes", "--yes"];
    }
  }

  private toggleSetting(): void {
    const file = join(this.checkout.data, "Pulumi.local.yaml");
    const text = readFileSync(file, "utf8");
    const now = /logLevel: "?(\w+)"?/.exec(text)?.[1];
    writeFileSync(file, text.replace(/logLevel: "?\w+"?/, `logLevel: ${now === "info" ? "debug" : "info"}`));
  }

  private spawn(args: readonly string[]): Running {
    const child = spawn("bin/longshore", args, {
      cwd: this.checkout.root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_LIMIT_MS,
      env: { ...process.env, XDG_DATA_HOME: this.checkout.dataHome, TMPDIR: this.temporary, NO_COLOR: "1" },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    const ended = new Promise<CommandResult>((resolve, reject) => {
      child.on("error", reject);
      // Not "close": a surviving grandchild may hold the pipes for long.
      child.on("exit", (code) => {
        setImmediate(() => {
          this.printed.push(`$ longshore ${args.join(" ")}\n${stdout}${stderr}`);
          resolve({ code: code ?? 128, stdout, stderr });
        });
      });
    });
    if (child.pid === undefined) {
      throw new Error("bin/longshore did not start");
    }
    return { pid: child.pid, ended };
  }
}
