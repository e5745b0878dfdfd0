import { access } from "node:fs/promises";
import { join } from "node:path";
import { Lab, type Environment } from "../lab";
import { MissingTool } from "./missing";
import { cacheDir, repoRoot } from "./paths";
import { lastLine, run, type CommandResult, type Logger } from "./process";
import { fits, formatVersion, parseVersion, type Version } from "./version";

/** The lab of this checkout. */
export function theLab(): Lab {
  return new Lab({ scripts: join(repoRoot(), "lab"), cache: join(cacheDir(), "lab") }, run);
}

/** An available Docker daemon. */
export interface Docker {
  /** `own`: the machine's Docker (DOCKER_HOST, the current context). `lab`: the Docker of lab/. */
  readonly source: "own" | "lab";
  /** Environment variables for Docker clients; empty for the machine's own Docker. */
  readonly env: Environment;
  /** Identifier of the daemon, stable for as long as its data root exists. @default - the daemon reports none */
  readonly id?: string;
  /** Folder of images, containers and volumes, on the daemon's machine. @default - the daemon reports none */
  readonly dataRoot?: string;
  readonly engine: Version;
  readonly compose: Version;
  readonly buildx: Version;
}

/** Result of a survey without starting anything: the daemon, or why there is none. */
export interface DockerSurvey {
  readonly docker?: Docker;
  readonly source?: Docker["source"];
  readonly engine?: Version;
  readonly compose?: Version;
  readonly buildx?: Version;
  /** One line per missing or outdated component, with the remedy. */
  readonly problems: readonly string[];
}

/**
 * Minimum versions. Start intervals of health checks need Docker 25; `develop.watch` and BuildKit's heredocs and cache
 * mounts need the others.
 */
export const MINIMUM = {
  engine: [25, 0, 0],
  compose: [2, 24, 0],
  // The first version with `--progress rawjson`.
  buildx: [0, 13, 0],
} as const satisfies Record<string, Version>;

const INSTALL = "install Docker Engine 25 or newer with Compose 2.24 or newer and buildx";

/** Finds the machine's own Docker if it responds, otherwise the lab's if it runs. */
export async function surveyDocker(): Promise<DockerSurvey> {
  const lab = await theLab().environment();
  const labs = async () => ((await exists(socketOf(lab))) ? surveyEngine("lab", lab) : undefined);
  const [own, ours] = await Promise.all([surveyOwn(lab), labs()]);
  if (own.engine !== undefined) {
    return own;
  }
  return ours?.engine !== undefined ? ours : own;
}

export interface FindDockerOptions {
  /** Whether to examine the whole lab again, even if nothing indicates a change. @default false */
  readonly thorough?: boolean;
  /**
   * Published images to run or build on, such as `redis:7`. The lab builds images that only some systems need; other
   * daemons pull them.
   * @default []
   */
  readonly images?: readonly string[];
  /**
   * The daemon that the stack was deployed on. If that was the machine's own, the lab is never started as a
   * replacement.
   * @default - any
   */
  readonly expected?: Pick<Docker, "source" | "id">;
}

/**
 * Finds a ready Docker daemon. Sets up the lab if the machine has no Docker: at once if the lab runs, in seconds if it
 * was set up before, in minutes the first time.
 * @throws MissingTool with one line that names what to install
 */
export async function findDocker(
  say: Logger,
  { thorough = false, images = [], expected }: FindDockerOptions = {},
): Promise<Docker> {
  const lab = await theLab().environment();
  const [own, warm] = await Promise.all([surveyOwn(lab), thorough ? undefined : surveyWarmLab(lab, images)]);
  if (own.engine !== undefined) {
    return ready(own);
  }
  const chosen = process.env["DOCKER_HOST"];
  if (chosen && chosen !== lab["DOCKER_HOST"]) {
    // A daemon that was selected explicitly is not silently replaced.
    throw new MissingTool(
      `no Docker Engine answers at DOCKER_HOST=${chosen}; start it, or unset DOCKER_HOST`,
    );
  }
  if (expected?.source === "own") {
    throw new MissingTool(
      `Docker: expected the daemon ${expected.id ?? ""} that the stack was deployed on, got no answer ` +
        `(${own.problems.join("; ")}); fix: start it, such as with: sudo systemctl start docker; ` +
        "to move to another daemon, without the data: bin/longshore recover docker-daemon",
    );
  }
  if (warm?.docker) {
    return warm.docker;
  }
  const problem = await theLab().up(images, say);
  if (problem !== undefined) {
    throw new MissingTool(`no Docker daemon answers, and the lab could not be set up: ${problem}`);
  }
  return ready(await surveyEngine("lab", lab));
}

/** Finds the lab's Docker if `lab.sh up` has nothing to do. */
async function surveyWarmLab(lab: Environment, images: readonly string[]): Promise<DockerSurvey | undefined> {
  return (await exists(socketOf(lab))) && (await theLab().isUp(images))
    ? surveyEngine("lab", lab)
    : undefined;
}

function ready({ docker, problems }: DockerSurvey): Docker {
  if (!docker) {
    throw new MissingTool(problems.join("; "));
  }
  return docker;
}

/** Finds the machine's own Docker. The lab's does not count, even in a shell that has its variables. */
async function surveyOwn(lab: Environment): Promise<DockerSurvey> {
  return process.env["DOCKER_HOST"] === lab["DOCKER_HOST"]
    ? { problems: [`no Docker Engine answers; ${INSTALL}`] }
    : surveyEngine("own", {});
}

async function surveyEngine(source: Docker["source"], env: Environment): Promise<DockerSurvey> {
  const docker = (...args: string[]) =>
    run("docker", args, { env: { ...process.env, ...env }, timeoutMs: 20_000 });
  const [server, info, composeRan, buildxRan] = await Promise.all([
    docker("version", "--format", "{{.Server.Version}}"),
    docker("info", "--format", "{{.ID}}\t{{.DockerRootDir}}"),
    docker("compose", "version", "--short"),
    docker("buildx", "version"),
  ]);
  const engine = versionIn(server);
  const compose = versionIn(composeRan);
  const buildx = versionIn(buildxRan);
  const [id = "", dataRoot = ""] = info.code === 0 ? info.stdout.trim().split("\t") : [];
  const problems = [
    engineProblem(server, engine),
    tooOld("Docker Compose", compose, MINIMUM.compose),
    tooOld("Docker buildx", buildx, MINIMUM.buildx),
  ].filter((problem) => problem !== undefined);
  return {
    source,
    ...(engine && { engine }),
    ...(compose && { compose }),
    ...(buildx && { buildx }),
    ...(engine &&
      compose &&
      buildx &&
      problems.length === 0 && {
        docker: {
          source,
          env,
          ...(id !== "" && { id }),
          ...(dataRoot !== "" && { dataRoot }),
          engine,
          compose,
          buildx,
        },
      }),
    problems,
  };
}

function versionIn({ code, stdout }: CommandResult): Version | undefined {
  return code === 0 ? parseVersion(stdout) : undefined;
}

function engineProblem(ran: CommandResult, engine: Version | undefined): string | undefined {
  if (ran.code === 127) {
    return `there is no docker command on the PATH; ${INSTALL}`;
  }
  if (engine === undefined) {
    return `no Docker Engine answers (${lastLine(ran.stderr)}); start it, or ${INSTALL}`;
  }
  return tooOld("Docker Engine", engine, MINIMUM.engine);
}

function tooOld(what: string, found: Version | undefined, minimum: Version): string | undefined {
  if (fits(found, minimum)) {
    return undefined;
  }
  const [major, minor] = minimum;
  const got = found ? formatVersion(found) : "none";
  return `${what}: expected ${major}.${minor} or newer, got ${got}; update it`;
}

/**
 * Reason why a build cannot use an image as its base; undefined if it can. The daemon resolves the name, through its
 * mirrors, without a download.
 */
export async function pullProblem(docker: Pick<Docker, "env">, image: string): Promise<string | undefined> {
  const { code, stderr } = await run("docker", ["buildx", "build", "--output", "type=cacheonly", "-"], {
    env: { ...process.env, ...docker.env },
    input: `FROM ${image}\n`,
    timeoutMs: 15_000,
  });
  if (code === 0) {
    return undefined;
  }
  const reason =
    code === 124
      ? "no answer in 15 seconds"
      : lastLine(stderr).replace(/^ERROR: failed to build: (failed to solve: )?/, "");
  return `${image} cannot be pulled: ${reason}`;
}

/** Reason why an image is neither present nor available to pull; undefined if it is. */
export async function imageProblem(docker: Pick<Docker, "env">, image: string): Promise<string | undefined> {
  const { code } = await run("docker", ["image", "inspect", "--format", "{{.Id}}", image], {
    env: { ...process.env, ...docker.env },
  });
  return code === 0 ? undefined : pullProblem(docker, image);
}

function socketOf(env: Environment): string {
  return (
    env["DOCKER_HOST"]?.replace(/^unix:\/\//, "") ?? join(cacheDir(), "lab", "docker", "run", "docker.sock")
  );
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
