import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import type { Change } from "../../cli/engine/changes";
import { findChromium } from "../../tools/chromium";
import { run } from "../../tools/process";
import type { Checkout } from "./checkout";
import { eventually, limit } from "./wait";

export { eventually } from "./wait";

/** Folder of screenshots, ignored by git. */
export const reports = join(__dirname, "..", "..", "reports");

export const MEGABYTE = 1_000_000;

/** Document of `longshore status --json`. */
export interface Status {
  services: { id: string; system: string; service: string; state: string; health: string; image: string }[];
}

/** Document of `longshore up --json`. */
interface Up {
  changes: Pick<Change, "name" | "operation" | "properties">[];
}

/** Runs docker. Returns its output. @throws AssertionError if it fails */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run("docker", args, { timeoutMs: limit(120_000) });
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const HELPER = "nginxinc/nginx-unprivileged:1.28";

/**
 * Kills the first process of a container, like a crash. `docker kill` counts as a manual stop, after which Docker does
 * not restart the container. Uses a container in the host's PID namespace, because an unprivileged user may not kill
 * the process and Docker may run in a virtual machine.
 */
export async function killContainer(container: string): Promise<void> {
  const pid = await docker("inspect", "--format", "{{.State.Pid}}", container);
  const namespace = [
    "--pid",
    "host",
    "--user",
    "0",
    "--cap-drop",
    "ALL",
    "--cap-add",
    "KILL",
    "--network",
    "none",
  ];
  await docker("run", "--rm", ...namespace, "--entrypoint", "sh", HELPER, "-c", `kill -9 ${pid}`);
}

/** Waits until `longshore health` reports all systems as healthy. */
export async function allHealthy(checkout: Checkout): Promise<void> {
  const health = async () => {
    const { code, stdout, stderr } = await checkout.longshore("health");
    return { code, printed: stdout + stderr };
  };
  await eventually("all services are healthy", health, { until: ({ code }) => code === 0 });
}

/** Launches a browser that can run as root and makes no requests of its own. */
export async function launchBrowser(): Promise<Browser> {
  mkdirSync(reports, { recursive: true });
  const browser = await chromium.launch({
    executablePath: await findChromium(console.log),
    timeout: limit(60_000),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const newPage = browser.newPage.bind(browser);
  browser.newPage = async (...options) => {
    const page = await newPage(...options);
    page.setDefaultTimeout(limit(60_000));
    return page;
  };
  return browser;
}

/**
 * Waits until everything is healthy and runs `up` again. No resource may change, and no container may be replaced or
 * restarted. The failure lists the changes.
 */
export async function staysAsItIs(checkout: Checkout): Promise<void> {
  await eventually("Docker reports every container as healthy", () => inspected(checkout), {
    until: (containers) => containers.every(({ State: { Health: health } }) => !health || isSteady(health)),
  });
  const before = starts(await inspected(checkout));
  const { changes } = await checkout.json<Up>("up");
  assert.deepEqual(
    changes.filter(({ operation, properties }) => operation !== "refresh" || properties.length > 0),
    [],
    `up was to change nothing, and did: ${JSON.stringify(changes, null, 2)}`,
  );
  assert.deepEqual(starts(await inspected(checkout)), before);
}

/** The fields of an inspected container that tests read. */
interface Contained {
  Config: { User: string; Env: string[] };
  HostConfig: {
    ReadonlyRootfs: boolean;
    Privileged: boolean;
    CapDrop: string[];
    Memory: number;
    NanoCpus: number;
  };
  NetworkSettings: { Ports: Record<string, { HostIp: string }[] | null> };
}

/**
 * Asserts that a container has a numeric user other than root, a read-only root file system and no capabilities.
 * Returns the container.
 */
export async function keepsToItself({ service, id }: { service: string; id: string }): Promise<Contained> {
  const [container] = JSON.parse(await docker("inspect", id)) as [Contained];
  assert.match(container.Config.User, /^[1-9]\d*:[1-9]\d*$/, service);
  assert.equal(container.HostConfig.ReadonlyRootfs, true, service);
  assert.deepEqual(container.HostConfig.CapDrop, ["ALL"], service);
  return container;
}

/** Asserts that no container, volume or network of a Compose project exists. */
export async function leavesNothing(project: string): Promise<void> {
  for (const kind of ["container", "volume", "network"]) {
    const all = kind === "container" ? ["-a"] : [];
    const filter = `label=com.docker.compose.project=${project}`;
    assert.equal(await docker(kind, "ls", ...all, "-q", "--filter", filter), "", kind);
  }
}

/** Lists all files below a folder, of any type. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

interface Inspected {
  Name: string;
  Id: string;
  State: { StartedAt: string; Health?: { Status: string; FailingStreak: number } };
}

/**
 * Whether the container is healthy without a recent probe failure, so that one more failure does not make it
 * unhealthy.
 */
function isSteady({ Status: status, FailingStreak: streak }: { Status: string; FailingStreak: number }) {
  return status === "healthy" && streak === 0;
}

async function inspected(checkout: Checkout): Promise<Inspected[]> {
  const { services } = await checkout.json<Status>("status");
  const running = services.filter(({ state }) => state === "running").map(({ id }) => id);
  return JSON.parse(await docker("inspect", ...running)) as Inspected[];
}

function starts(containers: readonly Inspected[]): string[] {
  return containers
    .map(({ Name: name, Id: id, State: { StartedAt: at } }) => `${name} ${id.slice(0, 12)} ${at}`)
    .sort();
}
