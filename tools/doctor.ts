import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findChromium, surveyChromium } from "./chromium";
import { findDocker, MINIMUM, pullProblem, surveyDocker, theLab, type DockerSurvey } from "./docker";
import { freeSpace, GIB, type FreeSpace } from "./free-space";
import { MissingTool } from "./missing";
import { cacheDir, dataDir, repoRoot } from "./paths";
import { portOwner, type PortOwner } from "./ports";
import { isExecutable, lastLine, run, type Logger } from "./process";
import { findLanguageHost, findPulumi, surveyLanguageHost, surveyPulumi, type PulumiSurvey } from "./pulumi";
import { fits, formatVersion, parseVersion, type Version } from "./version";

/** State of one requirement of Longshore on this machine. */
export interface Check {
  readonly name: CheckName;
  /** `warn`: works, or only some commands need it. `missing`: `longshore up` cannot work. */
  readonly status: "ok" | "warn" | "missing";
  /** Version and location, or the problem. */
  readonly found: string;
  /** Remedy. @default - none needed */
  readonly fix?: string;
}

export type CheckName =
  | "Node.js"
  | "npm packages"
  | "Docker Engine"
  | "Docker Compose"
  | "Docker buildx"
  | "base images"
  | "Pulumi"
  | "language host"
  | "compose provider"
  | "disk"
  | "edge port"
  | "backups"
  | "Chromium";

export interface ExamineOptions {
  /** Ports of the local stack's systems on loopback. @default 8080 */
  readonly edgePorts?: readonly number[] | undefined;
}

/** Checks all requirements of Longshore in a fixed order. Changes nothing; takes a second or two. */
export async function examine({ edgePorts = [8080] }: ExamineOptions = {}): Promise<Check[]> {
  const [docker, pulumi] = await Promise.all([surveyDocker(), surveyPulumi()]);
  const [packages, images, languageHost, ...rest] = await Promise.all([
    packagesCheck(),
    imagesCheck(docker),
    languageHostCheck(pulumi),
    providerCheck(),
    diskCheck(docker),
    portsCheck(edgePorts, docker),
    chromiumCheck(),
  ]);
  return [
    nodeCheck(process.version),
    packages,
    ...dockerChecks(docker),
    images,
    pulumiCheck(pulumi),
    languageHost,
    ...rest,
  ];
}

const DOCTOR = "run: longshore doctor --fix";

const NODE_MINIMUM: Version = [20, 19, 0];

export function nodeCheck(version: string): Check {
  const isEnough = fits(parseVersion(version), NODE_MINIMUM);
  return {
    name: "Node.js",
    status: isEnough ? "ok" : "missing",
    found: version.replace(/^v/, ""),
    ...(!isEnough && { fix: "install Node.js 20.19 or newer" }),
  };
}

/** Compares the versions in package.json with those in node_modules. */
async function packagesCheck(): Promise<Check> {
  const root = repoRoot();
  const manifest = await readManifest(join(root, "package.json"));
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  const installed = await Promise.all(
    wanted.map(
      async ([name]) => (await readManifest(join(root, "node_modules", name, "package.json"))).version,
    ),
  );
  return packagesFound(
    wanted.map(([name, version], at) => ({ name, wanted: version, installed: installed[at] })),
  );
}

export interface PackageFound {
  readonly name: string;
  readonly wanted: string;
  readonly installed: string | undefined;
}

export function packagesFound(packages: readonly PackageFound[]): Check {
  // Some packages prefix their own version with a v.
  const wrong = packages.filter(({ wanted, installed }) => wanted !== installed?.replace(/^v/, ""));
  const [first] = wrong;
  if (!first) {
    return { name: "npm packages", status: "ok", found: `${packages.length} as pinned` };
  }
  const more = wrong.length > 1 ? ` and ${wrong.length - 1} more` : "";
  return {
    name: "npm packages",
    status: "missing",
    found: `${first.name}: expected ${first.wanted}, got ${first.installed ?? "none"}${more}`,
    fix: "run: npm ci --ignore-scripts",
  };
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function readManifest(file: string): Promise<Manifest> {
  return JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Manifest;
}

/** Checks of Docker, Compose and buildx. */
export function dockerChecks(survey: DockerSurvey): Check[] {
  const { engine, compose, buildx, source } = survey;
  const place = source === "lab" ? ", the lab's" : "";
  const check = (name: CheckName, version: Version | undefined, minimum: Version): Check => {
    if (fits(version, minimum)) {
      return { name, status: "ok", found: version ? `${formatVersion(version)}${place}` : "" };
    }
    const [major, minor] = minimum;
    const found = version ? formatVersion(version) : "none";
    return {
      name,
      status: "missing",
      found,
      fix: `install ${major}.${minor} or newer; on Debian as root, ${DOCTOR}`,
    };
  };
  return [
    check("Docker Engine", engine, MINIMUM.engine),
    check("Docker Compose", compose, MINIMUM.compose),
    check("Docker buildx", buildx, MINIMUM.buildx),
  ];
}

async function imagesCheck({ docker, source }: DockerSurvey): Promise<Check> {
  const name = "base images";
  if (!docker) {
    return { name, status: "missing", found: "no engine to ask", fix: "see Docker Engine" };
  }
  const images = await theLab().baseImages();
  const problems = (await Promise.all(images.map((image) => pullProblem(docker, image)))).filter(
    (each) => each !== undefined,
  );
  const [first] = problems;
  if (first === undefined) {
    return {
      name,
      status: "ok",
      found: `${images.length} can be pulled${source === "lab" ? " from the lab's mirror" : ""}`,
    };
  }
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const fix =
    source === "lab"
      ? DOCTOR
      : "give the engine a registry mirror that this machine can reach (registry-mirrors in daemon.json)";
  return { name, status: "missing", found: first + more, fix };
}

export function pulumiCheck({ pulumi, unfit }: PulumiSurvey): Check {
  if (pulumi) {
    const older = unfit ? `; ${unfit.version} on the PATH does not fit` : "";
    return { name: "Pulumi", status: "ok", found: `${pulumi.version}, ${pulumi.command}${older}` };
  }
  const found = unfit ? `${unfit.version} at ${unfit.command} does not fit` : "none";
  return {
    name: "Pulumi",
    status: "missing",
    found,
    fix: `${DOCTOR} (downloads it, or builds it in 5 to 10 minutes)`,
  };
}

async function languageHostCheck({ pulumi }: PulumiSurvey): Promise<Check> {
  const found = pulumi && (await surveyLanguageHost(pulumi));
  return found !== undefined
    ? { name: "language host", status: "ok", found }
    : {
        name: "language host",
        status: "warn",
        found: "none; only a pulumi typed by hand needs it",
        fix: DOCTOR,
      };
}

async function providerCheck(): Promise<Check> {
  const program = join(repoRoot(), "providers", "compose", "pulumi-resource-compose");
  return (await isExecutable(program))
    ? { name: "compose provider", status: "ok", found: program }
    : {
        name: "compose provider",
        status: "missing",
        found: `${program} is not there or not executable`,
        fix: "restore it: git checkout -- providers/compose",
      };
}

async function diskCheck(survey: DockerSurvey): Promise<Check> {
  const root = survey.docker?.dataRoot;
  const places = [cacheDir(), dataDir(), ...(root !== undefined && existsSync(root) ? [root] : [])];
  const folders = await Promise.all(places.map(freeSpace));
  return diskFound(folders.filter((folder) => folder !== undefined));
}

/** Checks free disk space. Building and running the five systems takes about 10 GiB; below 2 GiB builds fail. */
export function diskFound(folders: readonly FreeSpace[]): Check {
  const least = [...folders].sort((a, b) => a.bytes - b.bytes)[0];
  if (!least) {
    return { name: "disk", status: "warn", found: "unknown" };
  }
  const found = `${(least.bytes / GIB).toFixed(1)} GiB free at ${least.folder}`;
  if (least.bytes >= 10 * GIB) {
    return { name: "disk", status: "ok", found };
  }
  return {
    name: "disk",
    status: least.bytes >= 2 * GIB ? "warn" : "missing",
    found,
    fix: "free 10 GiB, for example with: bin/longshore clean --cache",
  };
}

async function portsCheck(ports: readonly number[], { docker }: DockerSurvey): Promise<Check> {
  return portsFound(
    await Promise.all(
      ports.map(async (port) => ({
        port,
        owner: await portOwner(port, { ...(docker && { env: docker.env }) }),
      })),
    ),
  );
}

/** Reports ports in use by other programs. The local stack itself uses them while it runs. */
export function portsFound(ports: readonly { port: number; owner: PortOwner | undefined }[]): Check {
  const taken = ports.filter(({ owner }) => owner !== undefined && owner.kind !== "container");
  const shown = taken.length > 0 ? taken : ports;
  const found = shown.map(
    ({ port, owner }) => `127.0.0.1:${port} is ${owner ? `held by ${owner.description}` : "free"}`,
  );
  return {
    name: "edge port",
    status: taken.length > 0 ? "warn" : "ok",
    found: found.join(", ") || "none is needed",
    ...(taken.length > 0 && { fix: "end that program, or choose another port in the stack's settings" }),
  };
}

async function chromiumCheck(): Promise<Check> {
  const found = await surveyChromium();
  return found !== undefined
    ? { name: "Chromium", status: "ok", found }
    : {
        name: "Chromium",
        status: "warn",
        found: "none; only the browser tests need it",
        fix: `install chromium; on Debian as root, ${DOCTOR}`,
      };
}

/** Examines the whole lab, because one of its parts may have been removed separately. */
const mendDocker = (say: Logger): Promise<unknown> => findDocker(say, { thorough: true });

/** Fixes of `longshore doctor --fix`, in order of dependency. */
const MENDERS: readonly (readonly [CheckName, (say: Logger) => Promise<unknown>])[] = [
  ["npm packages", installPackages],
  ["Docker Engine", mendDocker],
  ["Docker Compose", mendDocker],
  ["Docker buildx", mendDocker],
  ["base images", mendDocker],
  ["Pulumi", findPulumi],
  ["language host", async (say) => findLanguageHost(await findPulumi(say), say)],
  ["Chromium", findChromium],
];

export interface RepairResult {
  readonly name: CheckName;
  /** Why the fix failed. @default - it succeeded */
  readonly problem?: string;
}

/** Applies the fixes that need no confirmation. A failed fix does not prevent the others. */
export async function repair(checks: readonly Check[], say: Logger): Promise<RepairResult[]> {
  const broken = new Set(checks.filter(({ status }) => status !== "ok").map(({ name }) => name));
  const tried = new Map<unknown, string | undefined>();
  const repaired: RepairResult[] = [];
  for (const [name, mender] of MENDERS.filter(([each]) => broken.has(each))) {
    if (!tried.has(mender)) {
      tried.set(mender, await attempt(() => mender(say)));
    }
    const problem = tried.get(mender);
    repaired.push({ name, ...(problem !== undefined && { problem }) });
  }
  return repaired;
}

async function attempt(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof MissingTool) {
      return error.message;
    }
    throw error;
  }
}

async function installPackages(say: Logger): Promise<void> {
  say("installing the npm packages as pinned (about 1 minute)");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=2"];
  const { code, stderr } = await run("npm", args, { cwd: repoRoot(), timeoutMs: 15 * 60_000 });
  if (code !== 0) {
    throw new MissingTool(`npm ci failed: ${lastLine(stderr)}`);
  }
}
