import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildWithGo, missingGo } from "./go-build";
import { MissingTool } from "./missing";
import { cacheDir } from "./paths";
import { isExecutable, lastLine, run, which, withLock, type Logger } from "./process";
import { fits, formatVersion, parseVersion, type Version } from "./version";

/** Trivy, the scanner of images and documents. */
export interface Trivy {
  readonly command: string;
  readonly version: string;
}

/** The version to download or build, and the minimum version on the PATH. */
const PINNED: Version = [0, 65, 0];
const RELEASES = "https://github.com/aquasecurity/trivy/releases/download";

const own = (): Trivy => ({
  command: join(cacheDir(), "trivy", formatVersion(PINNED), "bin", "trivy"),
  version: formatVersion(PINNED),
});

/** Finds Trivy on the PATH or in the cache, without installing anything. */
export async function surveyTrivy(): Promise<Trivy | undefined> {
  const onPath = await which(["trivy"]);
  const version = onPath && parseVersion((await run(onPath, ["--version"])).stdout);
  if (onPath !== undefined && version && fits(version, PINNED)) {
    return { command: onPath, version: formatVersion(version) };
  }
  return (await isExecutable(own().command)) ? own() : undefined;
}

export interface FindTrivyOptions {
  /** Whether to build Trivy from its Go modules if it cannot be downloaded: ten minutes on two cores. @default false */
  readonly build?: boolean;
  /** Base URL of the releases. @default GitHub */
  readonly releases?: string;
}

/**
 * Finds Trivy on the PATH or in the cache, downloads it, or builds it.
 * @throws MissingTool with one line that names what to install
 */
export async function findTrivy(say: Logger, { build = false, releases = RELEASES }: FindTrivyOptions = {}) {
  const found = await surveyTrivy();
  if (found) {
    return found;
  }
  return withLock(`${dirname(dirname(own().command))}.lock`, say, async () => {
    const made = await surveyTrivy();
    if (made) {
      return made;
    }
    say(`downloading Trivy ${own().version}`);
    const refusal = await download(releases);
    if (refusal === undefined) {
      return own();
    }
    if (!build) {
      throw new MissingTool(
        `Trivy ${own().version} is neither on the PATH nor can it be downloaded (${refusal}); install it, or let ` +
          "it be built from its Go modules (10 minutes, once) with --build-trivy",
      );
    }
    return buildTrivy(refusal, say);
  });
}

async function buildTrivy(refusal: string, say: Logger): Promise<Trivy> {
  const problem = await missingGo();
  if (problem !== undefined) {
    throw new MissingTool(`Trivy cannot be downloaded (${refusal}) and not be built (${problem})`);
  }
  say(`building Trivy ${own().version} from its Go modules, as the download failed: ${refusal} (10 minutes)`);
  await buildWithGo({
    modules: "trivy",
    target: "github.com/aquasecurity/trivy/cmd/trivy",
    version: ["github.com/aquasecurity/trivy/pkg/version/app.ver", own().version],
    output: own().command,
  });
  return own();
}

/** File name of a release's archive for a platform. Undefined if there is none. */
export function archiveName(platform: NodeJS.Platform, architecture: string): string | undefined {
  const system = { linux: "Linux", darwin: "macOS" }[platform as string];
  const machine = { x64: "64bit", arm64: "ARM64" }[architecture];
  return system && machine && `trivy_${formatVersion(PINNED)}_${system}-${machine}.tar.gz`;
}

/** Downloads a release and verifies its checksum. Returns the reason of a failure, or undefined. */
async function download(releases: string): Promise<string | undefined> {
  const archive = archiveName(process.platform, process.arch);
  if (archive === undefined) {
    return `there is none for ${process.platform} ${process.arch}`;
  }
  const folder = `${releases}/v${own().version}`;
  const partial = `${dirname(own().command)}.partial`;
  try {
    const [content, sums] = await Promise.all([
      fetchBytes(`${folder}/${archive}`),
      fetchBytes(`${folder}/trivy_${own().version}_checksums.txt`),
    ]);
    const sum = createHash("sha256").update(content).digest("hex");
    if (!sums.toString("utf8").split("\n").includes(`${sum}  ${archive}`)) {
      return `the checksum of ${archive} is not the release's`;
    }
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await writeFile(join(partial, archive), content);
    const { code, stderr } = await run("tar", ["-xzf", join(partial, archive), "-C", partial, "trivy"]);
    if (code !== 0) {
      return lastLine(stderr);
    }
    await mkdir(dirname(own().command), { recursive: true });
    await rename(join(partial, "trivy"), own().command);
    return undefined;
  } catch (error) {
    return error instanceof Error ? reasonOf(error) : String(error);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(300_000) });
  if (!response.ok) {
    throw new Error(`${response.status} ${response.statusText} for ${url}`);
  }
  return Buffer.from(await response.arrayBuffer());
}

/** Prefers the cause, because `fetch failed` is not specific. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message : message;
}
