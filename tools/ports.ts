import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { run } from "./process";

export interface PortOwner {
  readonly kind: "container" | "process" | "unknown";
  /** Description such as `container todo-edge-1`, `nginx (process 4711)` or `a program of another user`. */
  readonly description: string;
  readonly pid?: number;
}

/** Process or container that listens on a TCP port of this machine; undefined if the port is free. */
export async function portOwner(
  port: number,
  { host = "127.0.0.1", env = {} }: { host?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<PortOwner | undefined> {
  if (await isFree(port, host)) {
    return undefined;
  }
  return (
    (await containerOn(port, env)) ??
    (await processOn(port)) ?? { kind: "unknown", description: "a program of another user" }
  );
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") {
        done(false);
      } else {
        failed(error);
      }
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        done(true);
      });
    });
  });
}

async function containerOn(
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<PortOwner | undefined> {
  const { stdout } = await run(
    "docker",
    ["ps", "--filter", `publish=${port}/tcp`, "--format", "{{.Names}}"],
    {
      env: { ...process.env, ...env },
      timeoutMs: 10_000,
    },
  );
  const name = stdout.trim().split("\n")[0];
  return name ? { kind: "container", description: `container ${name}` } : undefined;
}

async function processOn(port: number): Promise<PortOwner | undefined> {
  const pid = process.platform === "linux" ? await listenerFromProc(port) : await listenerFromLsof(port);
  if (pid === undefined) {
    return undefined;
  }
  const { stdout } = await run("ps", ["-o", "comm=", "-p", String(pid)]);
  return { kind: "process", description: `${stdout.trim() || "a program"} (process ${pid})`, pid };
}

async function listenerFromProc(port: number): Promise<number | undefined> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  const sockets = new Set(
    tables.flatMap((table) => listeningSockets(table, port)).map((inode) => `socket:[${inode}]`),
  );
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  for (const pid of pids) {
    const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(
      handles.map((handle) => readlink(`/proc/${pid}/fd/${handle}`).catch(() => "")),
    );
    if (links.some((link) => sockets.has(link))) {
      return Number(pid);
    }
  }
  return undefined;
}

/** Inodes of the sockets that listen on the port, parsed from /proc/net/tcp. */
export function listeningSockets(table: string, port: number): string[] {
  const LISTEN = "0A";
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTEN && local?.endsWith(`:${hex}`) && inode ? [inode] : [];
  });
}

async function listenerFromLsof(port: number): Promise<number | undefined> {
  const { stdout } = await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"]);
  const pid = Number(stdout.trim().split("\n")[0]);
  return pid > 0 ? pid : undefined;
}
