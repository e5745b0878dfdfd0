import { MINIMUM } from "../../tools/docker";
import { lastLine, run } from "../../tools/process";
import { formatVersion } from "../../tools/version";
import { Failure, usage } from "../support/failure";

/** What builds: the engine's own builder, or one that a person has chosen with `docker buildx use`. */
export interface Builder {
  readonly driver: string;
  /** What it can run, by emulation too. */
  readonly platforms: readonly string[];
}

/** @throws Failure when there is none */
export async function findBuilder(env: NodeJS.ProcessEnv): Promise<Builder> {
  const { code, stdout, stderr } = await run("docker", ["buildx", "inspect", "--bootstrap"], {
    env,
    timeoutMs: 120_000,
  });
  if (code !== 0) {
    throw new Failure(`docker buildx inspect: ${lastLine(stderr)}`);
  }
  return builderIn(stdout);
}

/** Reads what `docker buildx inspect` prints. */
export function builderIn(printed: string): Builder {
  const field = (name: string) =>
    [...printed.matchAll(new RegExp(`^${name}:\\s+(.+)$`, "gm"))].map(([, value = ""]) => value.trim());
  const platforms = field("Platforms").flatMap((list) =>
    list.split(",").map((one) => one.trim().replace(/\*$/, "")),
  );
  return { driver: field("Driver")[0] ?? "", platforms: [...new Set(platforms)] };
}

/** @throws Failure that names what the builder cannot run, and the way out */
export function requirePlatforms({ platforms }: Builder, wanted: readonly string[]): void {
  const missing = wanted.filter((one) => !platforms.includes(one));
  if (missing.length > 0) {
    throw usage(
      `this machine cannot run ${missing.join(", ")}, only ${platforms.join(", ")}; install emulation ` +
        `(Debian: qemu-user-static and binfmt-support), or add a builder of that kind: docker buildx create --append`,
    );
  }
}

/**
 * The engine's own builder pushes attestations and caches only with the containerd image store.
 * @throws Failure that says how to get it
 */
export async function requirePushing({ driver }: Builder, env: NodeJS.ProcessEnv): Promise<void> {
  if (driver !== "docker") {
    return;
  }
  const { stdout } = await run("docker", ["info", "--format", "{{json .DriverStatus}}"], { env });
  if (!stdout.includes("io.containerd.snapshotter")) {
    throw usage(
      `the engine's classic image store cannot push attestations and caches; use another builder ` +
        `(docker buildx create --use), or turn the containerd store on (Docker Engine ` +
        `${formatVersion(MINIMUM.engine)} and newer: "features": {"containerd-snapshotter": true} in daemon.json)`,
    );
  }
}
