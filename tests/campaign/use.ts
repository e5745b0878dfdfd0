import { readdirSync, readFileSync, statSync } from "node:fs";
import { run } from "../../tools/process";
import { containersOf } from "./docker-api";
import type { OwnDaemon } from "./own-daemon";
import { treeOf } from "./victims";

/** What the parts of a deployment use at one time. */
export interface Use {
  /** Minutes since the start. */
  readonly minute: number;
  /** By service, and `dockerd` and `containerd`. */
  readonly parts: Readonly<Record<string, PartUse>>;
}

export interface PartUse {
  readonly memoryBytes: number;
  /** Open file descriptors of all its processes. */
  readonly descriptors: number;
  /** @default - it has no log that grows */
  readonly logBytes?: number;
}

const SERVICE = "com.docker.compose.service";

/** Measures every running service, and the daemons if they are the campaign's own. */
export async function measureUse(
  project: string,
  daemon: OwnDaemon | undefined,
  minute: number,
): Promise<Use> {
  const parts: Record<string, PartUse> = {};
  for (const { Id, Labels } of await containersOf(project, { all: false })) {
    const { stdout } = await run("docker", ["inspect", "--format", "{{.State.Pid}} {{.LogPath}}", Id]);
    const [pid = "", log = ""] = stdout.trim().split(" ");
    const name = Labels[SERVICE] ?? Id;
    // A rollout replaces containers while they are measured; two of a service count together.
    const before = parts[name] ?? { memoryBytes: 0, descriptors: 0, logBytes: 0 };
    const use = processUse(Number(pid));
    parts[name] = {
      memoryBytes: before.memoryBytes + use.memoryBytes,
      descriptors: before.descriptors + use.descriptors,
      logBytes: (before.logBytes ?? 0) + sizeOf(log),
    };
  }
  if (daemon?.pid !== undefined) {
    parts["dockerd"] = { ...processUse(daemon.pid, { isAlone: true }), logBytes: sizeOf(daemon.log) };
  }
  if (daemon?.containerdPid !== undefined) {
    parts["containerd"] = processUse(daemon.containerdPid, { isAlone: true });
  }
  return { minute, parts };
}

/** Proportional memory and open descriptors of a process, and of those that it started. */
function processUse(pid: number, { isAlone = false } = {}): PartUse {
  const pids = isAlone ? [pid] : treeOf(pid).map((one) => one.pid);
  const each = pids.map((one) => {
    try {
      const rollup = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
      const kilobytes = Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
      return { memoryBytes: kilobytes * 1024, descriptors: readdirSync(`/proc/${one}/fd`).length };
    } catch {
      return { memoryBytes: 0, descriptors: 0 };
    }
  });
  return {
    memoryBytes: each.reduce((sum, one) => sum + one.memoryBytes, 0),
    descriptors: each.reduce((sum, one) => sum + one.descriptors, 0),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
