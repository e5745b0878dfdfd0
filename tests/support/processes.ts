import { execFileSync } from "node:child_process";

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Lists the child processes of a process. */
export function children(parent: number): Process[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  return table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, of]) => Number(of) === parent)
    .map(([pid, , ...command]) => ({ pid: Number(pid), command: command.join(" ") }));
}

export function descendants(parent: number): number[] {
  return children(parent).flatMap(({ pid }) => [pid, ...descendants(pid)]);
}

/** Kills the engine that a process runs, and all child processes of the engine, with SIGKILL. */
export function killEngineOf(parent: number): void {
  const engine = children(parent).find(({ command }) => command.includes("pulumi up"));
  if (!engine) {
    throw new Error("no engine runs");
  }
  for (const pid of [engine.pid, ...descendants(engine.pid)]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // The process has already ended.
    }
  }
}
