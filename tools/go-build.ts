import { mkdir, rename } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { MissingTool } from "./missing";
import { repoRoot } from "./paths";
import { lastLine, run } from "./process";
import { fits, parseVersion, type Version } from "./version";

export const GO_MINIMUM: Version = [1, 26, 0];

/** Reason why this machine cannot build Go programs; undefined if it can. */
export async function missingGo(): Promise<string | undefined> {
  const { code, stdout } = await run("go", ["env", "GOVERSION"], {
    env: { ...process.env, GOTOOLCHAIN: "local" },
  });
  if (code !== 0) {
    return "there is no Go";
  }
  return fits(parseVersion(stdout), GO_MINIMUM) ? undefined : `Go is ${stdout.trim()}`;
}

export interface GoBuild {
  /** Folder below tools/ with go.mod and go.sum. */
  readonly modules: string;
  /** Package to build. */
  readonly target: string;
  /** The linker variable of the program's version, and its value. */
  readonly version: readonly [variable: string, value: string];
  readonly output: string;
  /** Whether the program contains C sources, which need a C compiler. @default false */
  readonly cgo?: boolean;
}

/** Timeout of a build. Compiling takes minutes on two slow cores. */
const BUILD_PATIENCE_MS = 30 * 60_000;

/** Builds a Go program. @throws MissingTool with the last line of the build's error */
export async function buildWithGo({ modules, target, version, output, cgo = false }: GoBuild): Promise<void> {
  const cwd = join(repoRoot(), "tools", modules);
  const env = { ...process.env, ...(await goEnvironment()), CGO_ENABLED: cgo ? "1" : "0" };
  const flags = `-s -w -X ${version.join("=")}`;
  const partial = `${output}.partial`;
  await mkdir(dirname(output), { recursive: true });
  const args = [
    "build",
    "-trimpath",
    "-p",
    String(availableParallelism()),
    "-ldflags",
    flags,
    "-o",
    partial,
    target,
  ];
  let { code, stderr } = await run("nice", ["go", ...args], { cwd, env, timeoutMs: BUILD_PATIENCE_MS });
  if (code !== 0 && code !== 124) {
    // A failed module download may be transient, so the build is retried; compiled packages are cached.
    ({ code, stderr } = await run("nice", ["go", ...args], { cwd, env, timeoutMs: BUILD_PATIENCE_MS }));
  }
  if (code !== 0) {
    throw new MissingTool(
      `${target} could not be built: ${code === 124 ? "it took over 30 minutes" : lastLine(stderr)}`,
    );
  }
  await rename(partial, output);
}

/** Uses only the module proxy, because the source hosts may be unreachable and hang. The checksums are in go.sum. */
async function goEnvironment(): Promise<Record<string, string>> {
  const { stdout } = await run("go", ["env", "GOPROXY"]);
  return {
    GOPROXY: withoutDirect(stdout.trim()),
    GOTOOLCHAIN: "local",
    GOFLAGS: "-mod=readonly -buildvcs=false",
    GOWORK: "off",
  };
}

/** Removes the `direct` fallback from a proxy list, unless it is the only entry. */
export function withoutDirect(proxies: string): string {
  return proxies.replace(/[,|]direct$/, "");
}
