import { MINIMUM } from "../../tools/docker";
import { lastLine, run } from "../../tools/process";
import { formatVersion } from "../../tools/version";
import { Failure, usage } from "../support/failure";

/** The builder in use: Docker's own, or one chosen with `docker buildx use`. */
export interface Builder {
  readonly driver: string;
  /** Supported platforms, including emulated ones. */
  readonly platforms: readonly string[];
}

/** Finds the builder in use. @throws Failure if there is none */
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

/** Parses the output of `docker buildx inspect`. */
export function builderIn(printed: string): Builder {
  const field = (name: string) =>
    [...printed.matchAll(new RegExp(`^${name}:\\s+(.+)$`, "gm"))].map(([, value = ""]) => value.trim());
  const platforms = field("Platforms").flatMap((list) =>
    list.split(",").map((one) => one.trim().replace(/\*$/, "")),
  );
  return { driver: field("Driver")[0] ?? "", platforms: [...new Set(platforms)] };
}

/** @throws Failure that names the unsupported platforms and the remedy */
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
 * Checks that the builder can push. Docker's own builder pushes attestations and caches only with the containerd image
 * store.
 * @throws Failure with the remedy
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
