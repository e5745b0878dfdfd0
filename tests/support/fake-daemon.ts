import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { useDockerCommand, type RunResult } from "../../providers/compose/docker";

/** A container of the fake daemon. */
export interface FakeContainer {
  readonly id: string;
  readonly project: string;
  readonly service: string;
  readonly state: string;
  readonly health?: string;
  /** Compose's hash of its configuration. */
  readonly hash: string;
  /** Volumes that are mounted writable. */
  readonly volumes: readonly string[];
  readonly readsVolumes: readonly string[];
  /** Host paths that are mounted writable. */
  readonly binds: readonly string[];
  readonly started: string;
  readonly created: string;
  readonly exitCode: number;
  readonly oom: boolean;
  readonly memory: number;
}

const DEFAULTS: Omit<FakeContainer, "id" | "created"> = {
  project: "p",
  service: "db",
  state: "created",
  hash: "new",
  volumes: [],
  readsVolumes: [],
  binds: [],
  started: "0001-01-01T00:00:00Z",
  exitCode: 0,
  oom: false,
  memory: 0,
};

/** Simulated failures. */
export interface FakeBehaviour {
  /** `docker stop` fails, and the container keeps running. */
  stopFails?: boolean;
  /** Commands that are delayed. */
  slow?: readonly string[];
  /** Configuration hash of containers that exit at their start. */
  brokenHash?: string;
  /** Command from which on the daemon does not respond. */
  lostAt?: string;
  /** Called before each command. */
  onCommand?: (line: string) => void;
}

/** Simulates Docker's containers without Docker. Uses a temporary data folder until it is removed. */
export class FakeDaemon {
  readonly folder = mkdtempSync(join(tmpdir(), "longshore-daemon-"));
  readonly behaviour: FakeBehaviour = {};
  /** Properties of new containers. */
  template: Partial<FakeContainer> = {};
  /** Containers that were started while another container ran on one of their volumes. */
  readonly double: string[] = [];
  private readonly commands: string[] = [];
  private readonly containers = new Map<string, FakeContainer>();
  private readonly dataHome = process.env["XDG_DATA_HOME"];
  private isLost = false;

  constructor() {
    process.env["XDG_DATA_HOME"] = join(this.folder, "data");
    useDockerCommand((args) => this.answer(args));
  }

  remove(): void {
    useDockerCommand();
    delete process.env["XDG_DATA_HOME"];
    Object.assign(process.env, this.dataHome !== undefined && { XDG_DATA_HOME: this.dataHome });
    rmSync(this.folder, { recursive: true, force: true });
  }

  add(one: Partial<FakeContainer> & { readonly id: string }): void {
    const created = new Date(Date.UTC(2026, 0, 1) + this.containers.size * 1000).toISOString();
    this.containers.set(one.id, { ...DEFAULTS, created, ...one });
  }

  all(): FakeContainer[] {
    return [...this.containers.values()];
  }

  stateOf(id: string): string | undefined {
    return this.containers.get(id)?.state;
  }

  running(): string[] {
    return this.all()
      .filter(({ state }) => state === "running")
      .map(({ id }) => id);
  }

  /** Commands so far that begin with one of these words. */
  calls(...words: readonly string[]): string[] {
    return this.commands.filter((line) => words.includes(line.split(" ")[0] ?? ""));
  }

  private async answer(args: readonly string[]): Promise<RunResult> {
    const command = args[0] === "container" ? "inspect" : (args[0] ?? "");
    this.commands.push(args.join(" "));
    this.behaviour.onCommand?.(args.join(" "));
    if (this.behaviour.slow?.includes(command)) {
      await sleep(100);
    }
    this.isLost ||= this.behaviour.lostAt === command;
    const lost =
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    const { stdout = "", stderr = "" } = this.isLost ? { stderr: lost } : this.run(command, args);
    return { stdout, stderr, all: stdout + stderr, exitCode: stderr === "" ? 0 : 1 };
  }

  private run(command: string, args: readonly string[]): { stdout?: string; stderr?: string } {
    const ids = args.filter((word) => this.containers.has(word));
    switch (command) {
      case "ps":
        return { stdout: args.includes("--format") ? "" : this.list(args).join("\n") };
      case "inspect":
        return { stdout: JSON.stringify(ids.map((id) => inspected(this.get(id)))) };
      case "image":
        return { stdout: "image" };
      case "start":
      case "unpause":
        ids.forEach((id) => {
          this.start(id);
        });
        return {};
      case "stop":
        if (this.behaviour.stopFails) {
          return { stderr: "Error response from daemon: cannot stop container" };
        }
        ids.forEach((id) => this.containers.set(id, { ...this.get(id), state: "exited" }));
        return {};
      case "rm":
        if (ids.some((id) => isRunning(this.get(id))) && !args.includes("--force")) {
          return { stderr: "Error response from daemon: container is running" };
        }
        ids.forEach((id) => this.containers.delete(id));
        return {};
      case "compose":
        if (args.includes("--no-start")) {
          this.add({ id: `made${this.commands.length}`, service: args.at(-1) ?? "", ...this.template });
        }
        return {};
      default:
        return {};
    }
  }

  private list(args: readonly string[]): string[] {
    const filters = args.filter((_, index) => args[index - 1] === "--filter");
    const labels = filters.filter((one) => one.startsWith("label="));
    const volumes = filters
      .filter((one) => one.startsWith("volume="))
      .map((one) => one.slice("volume=".length));
    return this.all()
      .filter(({ project, service }) =>
        labels.every((label) =>
          [`project=${project}`, `service=${service}`].some(
            (own) => label === `label=com.docker.compose.${own}`,
          ),
        ),
      )
      .filter((one) => {
        const own = inspected(one).Mounts.flatMap(({ Name, Source }) => [Name, Source]);
        return volumes.length === 0 || volumes.some((volume) => own.includes(volume));
      })
      .map(({ id }) => id);
  }

  private start(id: string): void {
    const one = this.get(id);
    const others = this.all().filter((other) => other.id !== id && isRunning(other));
    if (others.some(({ volumes }) => volumes.some((volume) => one.volumes.includes(volume)))) {
      this.double.push(id);
    }
    const isBroken = one.hash === this.behaviour.brokenHash;
    const now = isBroken ? { state: "exited", exitCode: 3 } : { state: "running", health: "healthy" };
    this.containers.set(id, { ...one, ...now, started: new Date().toISOString() });
  }

  private get(id: string): FakeContainer {
    const one = this.containers.get(id);
    if (!one) {
      throw new Error(`no container ${id}`);
    }
    return one;
  }
}

const isRunning = ({ state }: FakeContainer) => ["running", "paused", "restarting"].includes(state);

function inspected(one: FakeContainer) {
  const volume = (isWritable: boolean) => (name: string) => ({
    Type: "volume",
    Name: name,
    Source: `/volumes/${name}`,
    RW: isWritable,
  });
  return {
    Id: one.id,
    Name: `/${one.id}`,
    Image: "image",
    Created: one.created,
    RestartCount: 0,
    State: {
      Status: one.state,
      ExitCode: one.exitCode,
      OOMKilled: one.oom,
      StartedAt: one.started,
      ...(one.health !== undefined && { Health: { Status: one.health, Log: [] } }),
    },
    Config: {
      Labels: {
        "com.docker.compose.project": one.project,
        "com.docker.compose.service": one.service,
        "com.docker.compose.config-hash": one.hash,
      },
      StopTimeout: 1,
    },
    NetworkSettings: { Networks: {} },
    HostConfig: { Memory: one.memory },
    Mounts: [
      ...one.volumes.map(volume(true)),
      ...one.readsVolumes.map(volume(false)),
      ...one.binds.map((source) => ({ Type: "bind", Name: undefined, Source: source, RW: true })),
    ],
  };
}
