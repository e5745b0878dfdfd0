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

/** Where screenshots go; git ignores it. */
export const reports = join(__dirname, "..", "..", "reports");

export const MEGABYTE = 1_000_000;

/** What `longshore status --json` says. */
export interface Status {
  services: { id: string; system: string; service: string; state: string; health: string; image: string }[];
}

/** What `longshore up --json` says. */
interface Up {
  changes: Pick<Change, "name" | "operation" | "properties">[];
}

/** Runs docker and returns what it printed. @throws AssertionError when it fails */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run("docker", args, { timeoutMs: limit(120_000) });
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const HELPER = "nginxinc/nginx-unprivileged:1.28";

/**
 * Kills the first process of a container, as a crash would: `docker kill` counts as a stop by hand, after which Docker restarts
 * nothing. A container in the host's PID namespace does it, since an ordinary user may not kill it and Docker may be in a virtual machine.
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

/** Waits until `longshore health` calls all systems healthy. */
export async function allHealthy(checkout: Checkout): Promise<void> {
  const health = async () => {
    const { code, stdout, stderr } = await checkout.longshore("health");
    return { code, printed: stdout + stderr };
  };
  await eventually("all services are healthy", health, { until: ({ code }) => code === 0 });
}

/** A browser that runs as root and makes no requests of its own. */
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
 * Brings the stack up once more when everything is healthy: no resource may change, and no container be another or have
 * started again. The failure says what did.
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

/** A container as the engine has it, as far as tests look at it. */
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

/** What holds for every container: a numeric user who is not root, a read-only root, no capability. Returns it. */
export async function keepsToItself({ service, id }: { service: string; id: string }): Promise<Contained> {
  const [container] = JSON.parse(await docker("inspect", id)) as [Contained];
  assert.match(container.Config.User, /^[1-9]\d*:[1-9]\d*$/, service);
  assert.equal(container.HostConfig.ReadonlyRootfs, true, service);
  assert.deepEqual(container.HostConfig.CapDrop, ["ALL"], service);
  return container;
}

/** No container, volume or network of a Compose project may be there any more. */
export async function leavesNothing(project: string): Promise<void> {
  for (const kind of ["container", "volume", "network"]) {
    const all = kind === "container" ? ["-a"] : [];
    const filter = `label=com.docker.compose.project=${project}`;
    assert.equal(await docker(kind, "ls", ...all, "-q", "--filter", filter), "", kind);
  }
}

/** Every file below a folder, whatever its kind. */
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

/** One failed probe more would not make it unhealthy: that takes several in a row. */
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
