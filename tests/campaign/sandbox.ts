import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { findDocker } from "../../tools/docker";
import { findPulumi } from "../../tools/pulumi";
import { run, which } from "../../tools/process";
import { loadPlans } from "../../cli/support/plans";
import { EDGE_IMAGE } from "../../render/compose/edge";
import { cgroupOf, OwnDaemon } from "./own-daemon";

const root = join(__dirname, "..", "..");
/** Folder of the sandbox; set inside it only. */
const INSIDE = "LONGSHORE_CAMPAIGN_SANDBOX";
const IMAGES = "LONGSHORE_CAMPAIGN_IMAGES";
const SOURCE = "LONGSHORE_CAMPAIGN_IMAGES_FROM";
const CGROUPS = "/sys/fs/cgroup";

export interface SandboxOptions {
  /** Whether to use the machine's Docker. @default false */
  readonly shared?: boolean;
  /** Runs inside the sandbox before its daemon starts. */
  readonly prepare?: () => Promise<void>;
  /** The daemon's data root. @default - a folder of the sandbox */
  readonly dataRoot?: string | undefined;
}

/**
 * Runs `work` in namespaces of its own (network, mounts, processes) with a Docker daemon of its own, which may be
 * killed: other programs of the machine do not see it. Everything in it ends with it. Starts the program again with
 * the same arguments to get there.
 *
 * @param work gets undefined on a machine that cannot have a second daemon: then it uses the machine's Docker
 */
export async function withSandbox(
  work: (daemon: OwnDaemon | undefined) => Promise<void>,
  { shared = false, prepare, dataRoot }: SandboxOptions = {},
): Promise<void> {
  const folder = process.env[INSIDE];
  if (folder !== undefined) {
    await prepare?.();
    const daemon = new OwnDaemon(folder, dataRoot);
    await daemon.start();
    const images = JSON.parse(process.env[IMAGES] ?? "[]") as string[];
    await daemon.load(process.env[SOURCE] ?? "", images);
    try {
      await work(daemon);
    } finally {
      await daemon.stop();
    }
    return;
  }
  const say = (line: string) => {
    console.log(`  ${line}`);
  };
  const { env } = await findDocker(say);
  Object.assign(process.env, env);
  await findPulumi(say);
  const missing = shared ? "--shared" : await missingForSandbox();
  if (missing !== undefined) {
    console.log(`uses the machine's Docker (${missing}): dockerd and containerd are not killed`);
    await work(undefined);
    return;
  }
  await enter();
}

async function missingForSandbox(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) {
    return "a Docker daemon of its own requires root";
  }
  if (process.env["DOCKER_HOST"]?.startsWith("unix://") === false) {
    return "DOCKER_HOST is not a socket of this machine";
  }
  for (const program of ["dockerd", "unshare", "ip"]) {
    if ((await which([program], searchPath())) === undefined) {
      return `there is no ${program}`;
    }
  }
  return undefined;
}

const searchPath = (): string => `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

async function enter(): Promise<void> {
  // Short, because the names of sockets are limited to 108 characters.
  const folder = mkdtempSync("/tmp/lsc-");
  // The settings of this machine's stacks play no part.
  process.env["XDG_DATA_HOME"] = join(folder, "data-home");
  const images = await makeImages();
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  // The shell is the first process of the namespace and collects orphans. Shims keep their sockets in /run/containerd.
  const script =
    'ip link set lo up && mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd && "$@"; exit $?';
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn("unshare", [...namespaces, "bash", "-c", script, "bash", ...program], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: searchPath(),
      // Checkouts and data folders are removed with the sandbox too.
      TMPDIR: temporary,
      [INSIDE]: folder,
      [IMAGES]: JSON.stringify(images),
      [SOURCE]: process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock",
    },
  });
  const end = (signal: NodeJS.Signals) => {
    // The namespace ends with unshare, and everything in it.
    child.kill("SIGKILL");
    process.exitCode = 128 + constants.signals[signal];
  };
  process.once("SIGTERM", end).once("SIGINT", end).once("SIGHUP", end);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("exit", resolve);
  });
  rmSync(folder, { recursive: true, force: true });
  removeCgroups(cgroupOf(folder));
  process.exitCode ??= code ?? 1;
}

/** Builds AI todo's images in the machine's Docker, where the build cache is. @returns all images that it runs */
async function makeImages(): Promise<string[]> {
  const build = ["build", "--system", "todo", "--skip-tests", "--json"];
  const { code, stdout, stderr } = await run("bin/longshore", build, { cwd: root, timeoutMs: 1_800_000 });
  if (code !== 0) {
    throw new Error(`the images of todo cannot be built: ${stderr.trim()}`);
  }
  const { images } = JSON.parse(stdout) as { images: { reference: string }[] };
  const published = loadPlans("local", ["todo"]).plans.flatMap((plan) =>
    plan.images.flatMap(({ source }) => (source.kind === "upstream" ? [source.reference] : [])),
  );
  const pulled = [...new Set([...published, EDGE_IMAGE])];
  for (const image of pulled) {
    const inspected = await run("docker", ["image", "inspect", image]);
    const result =
      inspected.code === 0 ? inspected : await run("docker", ["pull", image], { timeoutMs: 600_000 });
    if (result.code !== 0) {
      throw new Error(`${image} cannot be pulled: ${result.stderr.trim()}`);
    }
  }
  return [...images.map(({ reference }) => reference), ...pulled];
}

/** Removes the empty control groups that killed containers leave behind. */
function removeCgroups(name: string): void {
  const remove = (folder: string) => {
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) {
          remove(join(folder, entry.name));
        }
      }
      rmdirSync(folder);
    } catch {
      // Not every hierarchy has it.
    }
  };
  remove(join(CGROUPS, name));
  for (const hierarchy of readdirSync(CGROUPS)) {
    remove(join(CGROUPS, hierarchy, name));
  }
}
