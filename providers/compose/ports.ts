import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { docker } from "./docker";
import { UserError } from "./errors";
import { publishedPorts, type ProjectInputs } from "./inputs";

/**
 * Detects published ports that are already in use, and addresses that this machine does not have, before anything is
 * changed.
 * @throws UserError that lists each port, the process or container that uses it, and the setting to change
 */
export async function checkPorts({ project, document, portSettings = {} }: ProjectInputs): Promise<void> {
  const wanted = Object.values(document.services).flatMap(publishedPorts);
  const own = await publishedBy(`label=com.docker.compose.project=${project}`);
  const problems: string[] = [];
  for (const { host, port } of wanted) {
    const state = await stateOf(host, port);
    if (state === "no address") {
      problems.push(
        `${host}:${port}: expected an address of this machine, got ${host}; publish on one of ${ownAddresses().join(", ")}`,
      );
    } else if (state === "in use" && !own.has(port)) {
      const holder = (await publishedBy(`publish=${port}`)).get(port);
      const who = holder === undefined ? processOn(port) : `the container ${holder}`;
      const { setting, value } = portSettings[port] ?? {};
      const fix =
        setting === undefined
          ? "end it, or publish another"
          : `end it, or run: pulumi config set --path '${setting}' ${value}`;
      problems.push(`${setting ?? "ports"}: port ${port} is in use by ${who}; ${fix}`);
    }
  }
  if (problems.length > 0) {
    throw new UserError(problems.join("\n"));
  }
}

/** Ports published by running containers that match a filter, with the container names. */
async function publishedBy(filter: string): Promise<Map<number, string>> {
  const { stdout } = await docker(["ps", "--filter", filter, "--format", "{{.Names}}\t{{.Ports}}"]);
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [name = "", ports = ""] = line.split("\t");
      return [...ports.matchAll(/:(\d+)->/g)].map((match) => [Number(match[1]), name] as const);
    }),
  );
}

/** Whether a port is free. An address that another machine has, or that is not configured yet, is no address here. */
function stateOf(host: string, port: number): Promise<"free" | "in use" | "no address"> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) => {
      // Docker reports all other errors, such as a privileged port.
      const isUnknown = code === "EADDRNOTAVAIL" && isLocalDaemon();
      resolve(code === "EADDRINUSE" ? "in use" : isUnknown ? "no address" : "free");
    });
    server.listen({ host: host.replace(/^\[|\]$/g, ""), port, exclusive: true }, () => {
      server.close(() => {
        resolve("free");
      });
    });
  });
}

/** Whether the Docker daemon is on this machine. */
function isLocalDaemon(): boolean {
  return !/^(tcp|ssh|https?):/.test(process.env["DOCKER_HOST"] ?? "");
}

/** Addresses of this machine's network interfaces. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((interfaces = []) =>
    interfaces.filter(({ scopeid = 0 }) => scopeid === 0).map(({ address }) => address),
  );
}

/** Describes the process that listens on a port, as far as this user can see it (Linux). */
function processOn(port: number): string {
  try {
    const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeners(table, port));
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (openSockets(pid).some((inode) => inodes.includes(inode))) {
        return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (process ${pid})`;
      }
    }
  } catch {
    // /proc does not exist on this operating system.
  }
  return "another process";
}

function listeners(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync(table, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === "0A")
    .map((columns) => `socket:[${columns[9] ?? ""}]`);
}

function openSockets(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}
