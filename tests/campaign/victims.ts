import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { run } from "../../tools/process";
import { containersOf } from "./docker-api";
import type { OwnDaemon } from "./own-daemon";
import type { Victim } from "./rounds";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes, by the kernel's table. */
function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // The name in parentheses may hold anything.
        const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        return [];
      }
    });
}

/** A process and all that it started and that still is its descendant. */
export function treeOf(root: number): Process[] {
  const all = processes();
  const below = (pid: number): Process[] =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

/** Processes that work in a folder, however their parent ended. */
export function processesIn(folder: string): number[] {
  return processes()
    .filter(({ pid }) => {
      try {
        const place = readlinkSync(`/proc/${pid}/cwd`);
        return place === folder || place.startsWith(`${folder}/`);
      } catch {
        return false;
      }
    })
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid);
}

const PROGRAMS: Partial<Record<Victim, RegExp>> = {
  engine: /(^|\/)pulumi (up|destroy|refresh|preview|config|stack)/,
  provider: /pulumi-resource-compose|providers\/compose\/main/,
  "docker-client": /(^|\/)docker /,
};

/** What can be killed in a round. */
export interface Prey {
  /** Process id of the CLI, the leader of its process group. */
  readonly cli: number;
  readonly project: string;
  /** @default - the machine's, which is never killed */
  readonly daemon?: OwnDaemon | undefined;
}

/**
 * Kills the victim of an operation.
 * @returns what was killed, or undefined when there was no such process at this moment
 */
export async function kill(victim: Victim, { cli, project, daemon }: Prey): Promise<string | undefined> {
  switch (victim) {
    case "cli":
      return signal(cli, "SIGKILL", "the CLI");
    case "cli-terminate":
      return signal(cli, "SIGTERM", "the CLI, by SIGTERM");
    case "interrupt":
      return signal(-cli, "SIGINT", "the process group, by SIGINT");
    case "database":
      return killContainer(project, "db");
    case "backend":
    case "frontend":
    case "edge":
      return killContainer(project, victim);
    case "dockerd":
      return signal(daemon?.pid, "SIGKILL", "dockerd");
    case "containerd":
      return signal(daemon?.containerdPid, "SIGKILL", "containerd");
    default: {
      const program = PROGRAMS[victim];
      const found = treeOf(cli).find(({ command }) => program?.test(command));
      return found && signal(found.pid, "SIGKILL", `${victim}: ${found.command.slice(0, 60)}`);
    }
  }
}

function signal(pid: number | undefined, name: NodeJS.Signals, words: string): string | undefined {
  try {
    if (pid === undefined) {
      return undefined;
    }
    process.kill(pid, name);
    return words;
  } catch {
    return undefined;
  }
}

async function killContainer(project: string, service: string): Promise<string | undefined> {
  const running = await containersOf(project, { all: false });
  const found = running.find(({ Labels }) => Labels["com.docker.compose.service"] === service);
  if (!found) {
    return undefined;
  }
  // From outside, so that the restart policy treats it as a crash.
  const { stdout } = await run("docker", ["inspect", "--format", "{{.State.Pid}}", found.Id]);
  const pid = Number(stdout);
  return signal(pid > 0 ? pid : undefined, "SIGKILL", `container of ${service}`);
}
