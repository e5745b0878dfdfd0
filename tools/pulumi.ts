import { readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildWithGo, GO_MINIMUM, missingGo } from "./go-build";
import { MissingTool } from "./missing";
import { cacheDir, repoRoot } from "./paths";
import { isExecutable, lastLine, run, which, withLock, type Logger } from "./process";
import { fits, formatVersion, parseVersion, type Version } from "./version";

/** The Pulumi CLI with its engine. */
export interface Pulumi {
  /** Absolute path of the executable. */
  readonly command: string;
  /** Installation folder for `PulumiCommand.get({ root })`, with the executable `root/bin/pulumi`. */
  readonly root: string;
  readonly version: string;
  /** Where this run found the CLI. */
  readonly source: "path" | "cache" | "official" | "built";
}

/** The version to install if none is suitable. It is that of the pinned Go modules, so that download and build agree. */
export async function pinnedVersion(): Promise<Version> {
  return pinnedIn(await readFile(join(repoRoot(), "tools", "pulumi", "go.mod"), "utf8"));
}

/** Parses the CLI's version from tools/pulumi/go.mod. */
export function pinnedIn(goMod: string): Version {
  const version = parseVersion(/github\.com\/pulumi\/pulumi\/pkg\/v3 (v\S+)/.exec(goMod)?.[1] ?? "");
  if (!version) {
    throw new Error(
      "tools/pulumi/go.mod: expected a requirement of github.com/pulumi/pulumi/pkg/v3, got none",
    );
  }
  return version;
}

/** Minimum version of the engine: that of the SDK, with the same major version. */
export async function minimumVersion(): Promise<Version> {
  const manifest = join(repoRoot(), "node_modules", "@pulumi", "pulumi", "package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  return parseVersion(version) ?? (await pinnedVersion());
}

export interface PulumiSurvey {
  readonly pulumi?: Pulumi;
  /** A CLI on the PATH with an unsuitable version. */
  readonly unfit?: { readonly command: string; readonly version: string };
}

/** Finds the CLI on the PATH or in the cache, without installing anything. */
export async function surveyPulumi(): Promise<PulumiSurvey> {
  const onPath = await pulumiOnPath();
  if (onPath?.fits) {
    return { pulumi: onPath.pulumi };
  }
  const cached = installation(await pinnedVersion(), "cache");
  return {
    ...((await isExecutable(cached.command)) && { pulumi: cached }),
    ...(onPath && { unfit: onPath.pulumi }),
  };
}

/**
 * Finds the Pulumi CLI on the PATH or in the cache, downloads it, or builds it from the Go modules pinned in
 * tools/pulumi.
 * @throws MissingTool with one line that names what to install
 */
export async function findPulumi(say: Logger): Promise<Pulumi> {
  const { pulumi, unfit } = await surveyPulumi();
  if (pulumi) {
    return pulumi;
  }
  const version = await pinnedVersion();
  const why = unfit
    ? `Pulumi ${unfit.version} on the PATH is older than ${formatVersion(await minimumVersion())}`
    : "there is no Pulumi on the PATH";
  const wanted = installation(version, "cache");
  return withLock(`${wanted.root}.lock`, say, async () => {
    if (await isExecutable(wanted.command)) {
      return wanted;
    }
    return install(version, why, say);
  });
}

/** Describes an installation. Its folder is named by the version and appears atomically when complete. */
function installation(version: Version, source: Pulumi["source"]): Pulumi {
  const root = join(cacheDir(), "pulumi", formatVersion(version));
  return { command: join(root, "bin", "pulumi"), root, version: formatVersion(version), source };
}

async function pulumiOnPath(): Promise<{ pulumi: Pulumi; fits: boolean } | undefined> {
  const command = await which(["pulumi"]);
  if (command === undefined) {
    return undefined;
  }
  const { stdout } = await run(command, ["version"], {
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const version = parseVersion(stdout);
  return {
    pulumi: {
      command,
      root: dirname(dirname(command)),
      version: version ? formatVersion(version) : "of unknown version",
      source: "path",
    },
    fits: fits(version, await minimumVersion(), { sameMajor: true }),
  };
}

async function install(version: Version, why: string, say: Logger): Promise<Pulumi> {
  say(`downloading Pulumi ${formatVersion(version)}, as ${why} (about half a minute)`);
  const refusal = await installOfficially(version);
  if (refusal === undefined) {
    return installation(version, "official");
  }
  const built = installation(version, "built");
  const goProblem = await missingGo();
  if (goProblem !== undefined) {
    throw new MissingTool(
      `${why}, it cannot be downloaded (${refusal}), and it cannot be built (${goProblem}); ` +
        `install Pulumi ${formatVersion(version)} or Go ${GO_MINIMUM.slice(0, 2).join(".")}`,
    );
  }
  say(
    `building Pulumi ${built.version} from its Go modules, as the download failed: ${refusal} (5 to 10 minutes, once)`,
  );
  await buildWithGo({
    modules: "pulumi",
    target: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version: [VERSION_VARIABLE, `v${built.version}`],
    output: built.command,
  });
  return built;
}

/** Timeout of the official download. After it, the network counts as closed. */
const OFFICIAL_PATIENCE_MS = 5 * 60_000;

/**
 * Runs `PulumiCommand.install` in a separate process, which can be killed at the timeout and which alone loads the SDK
 * (more than a second). Returns the reason of a failure, or undefined.
 */
async function installOfficially(version: Version): Promise<string | undefined> {
  const { root, command } = installation(version, "official");
  const partial = `${root}.partial`;
  await rm(partial, { recursive: true, force: true });
  const script = `
    const { PulumiCommand } = require("@pulumi/pulumi/automation");
    const { SemVer } = require("semver");
    PulumiCommand.install({ root: process.argv[1], version: new SemVer(process.argv[2]) })
      .catch((error) => { console.error(String(error.message).split("\\n")[0]); process.exitCode = 1; });`;
  const { code, stderr } = await run(process.execPath, ["-e", script, partial, formatVersion(version)], {
    cwd: repoRoot(),
    timeoutMs: OFFICIAL_PATIENCE_MS,
  });
  if (code !== 0) {
    await rm(partial, { recursive: true, force: true });
    const isOutOfReach = code === 124 || /fetch failed|Timed out/.test(stderr);
    return isOutOfReach ? "its host cannot be reached" : lastLine(stderr) || "no reason given";
  }
  await rm(root, { recursive: true, force: true });
  await rename(partial, root);
  return (await isExecutable(command)) ? undefined : "the download holds no CLI";
}

/**
 * Finds the language host, which only a manual `pulumi` needs (`longshore` runs the program itself). The official
 * installation contains it. For a self-built CLI, builds an older one that runs this project's programs.
 */
export async function findLanguageHost(pulumi: Pulumi, say: Logger): Promise<string> {
  const found = await surveyLanguageHost(pulumi);
  if (found !== undefined) {
    return found;
  }
  const output = join(dirname(installation(await pinnedVersion(), "built").command), LANGUAGE_HOST);
  return withLock(`${output}.lock`, say, async () => {
    if (!(await isExecutable(output))) {
      const problem = await missingGo();
      if (problem !== undefined) {
        throw new MissingTool(
          `${pulumi.command} has no ${LANGUAGE_HOST} beside it, and it cannot be built (${problem})`,
        );
      }
      say("building the Node.js language host, which a hand-typed pulumi needs; about half a minute, once");
      await buildWithGo({
        modules: "language-host",
        target: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        version: [VERSION_VARIABLE, "v3.68.0"],
        output,
      });
    }
    return output;
  });
}

const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const LANGUAGE_HOST = "pulumi-language-nodejs";

/** Finds the language host of this CLI without building one. */
export async function surveyLanguageHost({ command }: Pick<Pulumi, "command">): Promise<string | undefined> {
  const beside = join(dirname(command), LANGUAGE_HOST);
  const cached = join(dirname(installation(await pinnedVersion(), "built").command), LANGUAGE_HOST);
  for (const candidate of [beside, cached]) {
    if (await isExecutable(candidate)) {
      return candidate;
    }
  }
  return which([LANGUAGE_HOST]);
}
