import { access } from "node:fs/promises";
import { join } from "node:path";
import { isLabUp, rememberLabUp } from "./lab-stamp";
import { MissingTool } from "./missing";
import { cacheDir, repoRoot } from "./paths";
import { lastLine, run, type Ran, type Say } from "./process";
import { fits, formatVersion, parseVersion, type Version } from "./version";

export type Environment = Readonly<Record<string, string>>;

/** A container engine that answers. */
export interface Docker {
  /** `own`: what the machine offers (DOCKER_HOST, the current context). `lab`: the engine of tools/lab. */
  readonly source: "own" | "lab";
  /** The variables that a Docker client needs beside the process's own; empty for the machine's own engine. */
  readonly env: Environment;
  /** Identifier of the daemon; the same for as long as its data root exists. @default - the daemon has none */
  readonly id?: string;
  readonly engine: Version;
  readonly compose: Version;
  readonly buildx: Version;
}

/** What is there, without starting anything: the engine, or why there is none. */
export interface DockerSurvey {
  readonly docker?: Docker;
  readonly source?: Docker["source"];
  readonly engine?: Version;
  readonly compose?: Version;
  readonly buildx?: Version;
  /** One line each: what is missing or too old, and what to do. */
  readonly problems: readonly string[];
}

/** Start intervals of health checks need the engine 25; `develop.watch` and BuildKit's heredocs and cache mounts the rest. */
export const MINIMUM = {
  engine: [25, 0, 0],
  compose: [2, 24, 0],
  // The first with `--progress rawjson`.
  buildx: [0, 13, 0],
} as const satisfies Record<string, Version>;

const INSTALL = "install Docker Engine 25 or newer with Compose 2.24 or newer and buildx";

/** The machine's own engine if it answers, otherwise the lab's if it runs. */
export async function surveyDocker(): Promise<DockerSurvey> {
  const lab = await labEnvironment();
  const labs = async () => ((await exists(socketOf(lab))) ? surveyEngine("lab", lab) : undefined);
  const [own, ours] = await Promise.all([surveyOwn(lab), labs()]);
  if (own.engine !== undefined) {
    return own;
  }
  return ours?.engine !== undefined ? ours : own;
}

export interface FindDockerOptions {
  /** Looks at all of the lab again, also when nothing says that it has changed. @default false */
  readonly thorough?: boolean;
  /**
   * Published images that will run or be built on, such as `redis:7`. The lab builds those that only some systems need; another
   * engine pulls them by itself. @default []
   */
  readonly images?: readonly string[];
  /**
   * The daemon that the stack was deployed on. Where it was the machine's own, the lab's is never started in its place.
   * @default - any
   */
  readonly expected?: Pick<Docker, "source" | "id">;
}

/**
 * A container engine ready for use. Sets the lab up when the machine has no engine of its own: at once when it is
 * up, seconds when it was there before, some minutes the first time.
 * @throws MissingTool with one line that says what to install
 */
export async function findDocker(
  say: Say,
  { thorough = false, images = [], expected }: FindDockerOptions = {},
): Promise<Docker> {
  const lab = await labEnvironment();
  const [own, warm] = await Promise.all([surveyOwn(lab), thorough ? undefined : surveyWarmLab(lab, images)]);
  if (own.engine !== undefined) {
    return ready(own);
  }
  const chosen = process.env["DOCKER_HOST"];
  if (chosen && chosen !== lab["DOCKER_HOST"]) {
    // An engine that someone chose by name is not replaced by another behind their back.
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
  await startLab(say, images);
  await rememberLabUp(images);
  return ready(await surveyEngine("lab", lab));
}

/** The lab's engine when `lab.sh up` has nothing to do. */
async function surveyWarmLab(lab: Environment, images: readonly string[]): Promise<DockerSurvey | undefined> {
  return (await exists(socketOf(lab))) && (await isLabUp(images)) ? surveyEngine("lab", lab) : undefined;
}

function ready({ docker, problems }: DockerSurvey): Docker {
  if (!docker) {
    throw new MissingTool(problems.join("; "));
  }
  return docker;
}

/** The lab's engine is not the machine's own, also where a shell has its variables. */
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
    docker("info", "--format", "{{.ID}}"),
    docker("compose", "version", "--short"),
    docker("buildx", "version"),
  ]);
  const engine = versionIn(server);
  const compose = versionIn(composeRan);
  const buildx = versionIn(buildxRan);
  const id = info.code === 0 ? info.stdout.trim() : "";
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
        docker: { source, env, ...(id !== "" && { id }), engine, compose, buildx },
      }),
    problems,
  };
}

function versionIn({ code, stdout }: Ran): Version | undefined {
  return code === 0 ? parseVersion(stdout) : undefined;
}

function engineProblem(ran: Ran, engine: Version | undefined): string | undefined {
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

const lab = (): string => join(repoRoot(), "tools", "lab", "lab.sh");

/** What `lab.sh env` says. */
async function labEnvironment(): Promise<Environment> {
  const { stdout } = await run("bash", [lab(), "env"]);
  return parseEnvironment(stdout);
}

/** `NAME=value` lines; a value may hold `=`. Lines of another form are ignored. */
export function parseEnvironment(text: string): Environment {
  const entries = text.split("\n").flatMap((line) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    return match ? [[match[1] ?? "", match[2] ?? ""] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Minutes, because the first run builds the base images. */
const LAB_PATIENCE_MS = 40 * 60_000;

async function startLab(say: Say, images: readonly string[]): Promise<void> {
  const heard: string[] = [];
  const { code } = await run("bash", [lab(), "up", ...images], {
    timeoutMs: LAB_PATIENCE_MS,
    onLine: (line) => {
      heard.push(line);
      if (line.startsWith("lab: ")) {
        say(line);
      }
    },
  });
  if (code !== 0) {
    const reason = (
      heard.findLast((line) => line.startsWith("lab: ")) ??
      heard.at(-1) ??
      "it said nothing"
    ).replace(/^lab: /, "");
    throw new MissingTool(`no container engine answers, and the lab could not be set up: ${reason}`);
  }
}

/** The base images that the Dockerfiles and systems of this repository start from. */
export async function baseImages(): Promise<readonly string[]> {
  const { stdout } = await run("bash", [join(repoRoot(), "tools", "lab", "images.sh"), "list"]);
  return stdout
    .trim()
    .split("\n")
    .map((image) => image.replace(/^library\//, ""));
}

/**
 * Why a build cannot start from an image, or undefined when it can: the engine, with its mirrors, resolves the
 * name and loads nothing.
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

/** Why an image can be neither taken from the engine nor pulled, or undefined when it can. */
export async function imageProblem(docker: Pick<Docker, "env">, image: string): Promise<string | undefined> {
  const { code } = await run("docker", ["image", "inspect", "--format", "{{.Id}}", image], {
    env: { ...process.env, ...docker.env },
  });
  return code === 0 ? undefined : pullProblem(docker, image);
}

/** The unpacked size of an image in bytes, as `docker image inspect` reports it on an overlay2 store. */
export async function unpackedSize(image: string, docker?: Pick<Docker, "env">): Promise<number> {
  const script = join(repoRoot(), "tools", "lab", "image-size.sh");
  const { code, stdout, stderr } = await run("bash", [script, image], {
    env: { ...process.env, ...docker?.env },
    timeoutMs: 300_000,
  });
  if (code !== 0) {
    throw new Error(`${image}: cannot measure its size: ${lastLine(stderr)}`);
  }
  return Number(stdout.trim());
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
