import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../tools/process";
import { dockerGet } from "./docker-api";

/** Time between the end of a killed daemon and its restart, as a service manager does it. */
const RESTART_MS = 2000;
const READY_MS = 120_000;

/** Parent control group of the daemon's containers: removed with the sandbox. */
export const cgroupOf = (folder: string): string =>
  `longshore-campaign-${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`;

/** A Docker daemon of the campaign's own, in the network and PID namespace of this process. Restarts when killed. */
export class OwnDaemon {
  readonly host: string;
  readonly log: string;
  /** Number of times that the daemon was started again after it ended. */
  restarts = 0;
  private child: ChildProcess | undefined;
  private isOver = false;

  constructor(
    private readonly folder: string,
    readonly dataRoot = join(folder, "data"),
  ) {
    this.host = `unix://${join(folder, "docker.sock")}`;
    this.log = join(folder, "dockerd.log");
    mkdirSync(dataRoot, { recursive: true });
    const config = {
      features: { "containerd-snapshotter": true },
      "default-address-pools": [{ base: "10.213.0.0/16", size: 24 }],
      "cgroup-parent": `/${cgroupOf(folder)}`,
    };
    writeFileSync(join(folder, "daemon.json"), JSON.stringify(config));
  }

  /** Starts the daemon and points `DOCKER_HOST` of this process at it. */
  async start(): Promise<void> {
    process.env["DOCKER_HOST"] = this.host;
    this.launch();
    await this.ready();
  }

  /** Waits until the daemon answers. @throws Error with the end of its log */
  async ready(): Promise<void> {
    const end = Date.now() + READY_MS;
    while (Date.now() < end) {
      try {
        await dockerGet("/version");
        // Docker answers while it restarts containerd, and then nothing can be run in a container.
        if (this.containerdPid !== undefined) {
          return;
        }
      } catch {
        // Not yet.
      }
      await sleep(100);
    }
    throw new Error(`the campaign's dockerd does not answer: ${readFileSync(this.log, "utf8").slice(-2000)}`);
  }

  /** Copies images from another daemon. */
  async load(from: string, images: readonly string[]): Promise<void> {
    const script = `set -o pipefail; docker --host "$0" save "$@" | docker load --quiet`;
    const { code, stderr } = await run("bash", ["-c", script, from, ...images], { timeoutMs: 600_000 });
    if (code !== 0) {
      throw new Error(`the images cannot be copied from ${from}: ${stderr.trim()}`);
    }
  }

  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  /** Process id of the containerd that the daemon manages. */
  get containerdPid(): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.folder, "run", "containerd", "containerd.pid"), "utf8"));
      return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "containerd" ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Removes all containers, volumes and networks, also those that a violated round has left. */
  async empty(): Promise<void> {
    const script =
      "docker ps -aq | xargs -r docker rm -fv; docker volume ls -q | xargs -r docker volume rm; docker network prune -f";
    await run("bash", ["-c", script], { timeoutMs: 120_000 });
  }

  async stop(): Promise<void> {
    this.isOver = true;
    const { child } = this;
    if (child?.pid !== undefined && this.pid !== undefined) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await Promise.race([ended, sleep(30_000)]);
    }
  }

  private launch(): void {
    // A killed daemon leaves its file; the number may belong to another process by now.
    rmSync(join(this.folder, "dockerd.pid"), { force: true });
    const output = openSync(this.log, "a");
    const { folder } = this;
    const places = ["--data-root", this.dataRoot, "--exec-root", join(folder, "run")];
    const files = ["--config-file", join(folder, "daemon.json"), "--pidfile", join(folder, "dockerd.pid")];
    const child = spawn("dockerd", [...files, ...places, "--host", this.host], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    child.once("error", (error) => {
      console.error(`dockerd: ${error.message}`);
    });
    child.once("exit", () => {
      if (!this.isOver) {
        this.restarts += 1;
        setTimeout(() => {
          this.launch();
        }, RESTART_MS);
      }
    });
    this.child = child;
  }
}
