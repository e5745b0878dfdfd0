import { existsSync } from "node:fs";
import { LABELS } from "../../render/compose/labels";
import { freeSpace, GIB, KIB, MIB, spaceProblems, type SpaceNeed } from "../../tools/free-space";
import type { Docker } from "../../tools/docker";
import { dataDir } from "../../tools/paths";
import { run } from "../../tools/process";
import { Failure } from "../support/failure";
import { environmentWith } from "../support/tools";
import { projectOf, type Engine } from "./docker";

/** New containers, their logs, and the data that databases write meanwhile. */
const DOCKER_MINIMUM = 256 * MIB;
/** Building the images of a system takes about this much. */
const DOCKER_ENOUGH = 2 * GIB;
/** State, settings and releases of one deployment. */
const DATA_MINIMUM = 16 * MIB;
/** One WAL segment of PostgreSQL: a server that is restarted without it does not start. */
const VOLUME_MINIMUM = 16 * MIB;

const FREE_DOCKER =
  "remove unused images and the build cache: bin/longshore clean --cache, or extend the disk; `docker system df` shows what is used";

/**
 * Requires free disk space before a deployment on this machine: in Docker's data root, the data folder and the volumes
 * of running datastores. A place that cannot be measured, such as in a virtual machine, is not judged.
 * @param warn receives a line if space is low, but sufficient to start
 * @throws Failure that names each place with its free bytes, the bytes needed and the remedy
 */
export async function requireDeploySpace(
  { stack, systems, docker }: { stack: string; systems: readonly string[]; docker: Docker },
  warn: (line: string) => void,
): Promise<void> {
  const [root, data, volumes] = await Promise.all([
    dockerNeed(docker),
    freeSpace(dataDir()),
    volumeNeeds(
      { env: environmentWith(docker.env) },
      systems.map((system) => projectOf(system, stack)),
    ),
  ]);
  const needs: SpaceNeed[] = [
    ...(root === undefined ? [] : [root]),
    {
      place: `data folder ${dataDir()}`,
      free: data?.bytes,
      minimum: DATA_MINIMUM,
      fix: `free space on the disk of ${dataDir()}`,
    },
    ...volumes,
  ];
  const problems = spaceProblems(needs);
  if (problems.length > 0) {
    throw new Failure(["not enough disk space; nothing was changed", ...problems].join("\n"));
  }
  spaceProblems(
    root === undefined ? [] : [{ ...root, minimum: DOCKER_ENOUGH, purpose: "image builds" }],
  ).forEach(warn);
}

async function dockerNeed({ dataRoot, env }: Docker): Promise<SpaceNeed | undefined> {
  const host = env["DOCKER_HOST"] ?? process.env["DOCKER_HOST"] ?? "";
  const isElsewhere = host !== "" && !host.startsWith("unix://");
  // A daemon in a virtual machine reports a folder of that machine.
  if (dataRoot === undefined || isElsewhere || !existsSync(dataRoot)) {
    return undefined;
  }
  const free = (await freeSpace(dataRoot))?.bytes;
  return { place: `Docker's data root ${dataRoot}`, free, minimum: DOCKER_MINIMUM, fix: FREE_DOCKER };
}

async function volumeNeeds(engine: Engine, projects: readonly string[]): Promise<SpaceNeed[]> {
  const format = `{{.ID}} {{.Label "com.docker.compose.project"}} {{.Label "${LABELS.system}"}} {{.Label "com.docker.compose.service"}}`;
  const filter = ["--filter", `label=${LABELS.kind}=store`, "--filter", "status=running"];
  const { stdout } = await run("docker", ["ps", ...filter, "--format", format], { env: engine.env });
  const stores = stdout
    .split("\n")
    .map((line) => line.trim().split(" "))
    .filter(([, project = ""]) => projects.includes(project));
  return Promise.all(
    stores.map(async ([id = "", , system = "", service = ""]) => ({
      place: `volume of ${system}/${service}`,
      free: await volumeSpace(engine, id),
      minimum: VOLUME_MINIMUM,
      purpose: "its next restart",
      fix: `extend its disk, or delete data: bin/longshore exec ${system}/${service} df -h`,
    })),
  );
}

/** Free bytes in the data volume of a running container. Undefined without a volume, or without `df` in its image. */
export async function volumeSpace({ env }: Engine, container: string): Promise<number | undefined> {
  const format = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Destination}}{{"\\n"}}{{end}}{{end}}';
  const { stdout } = await run("docker", ["inspect", "--format", format, container], { env });
  const folder = stdout.split("\n")[0];
  if (folder === undefined || folder === "") {
    return undefined;
  }
  const df = await run("docker", ["exec", container, "df", "-P", "-k", folder], { env, timeoutMs: 10_000 });
  const available = Number(df.stdout.trim().split("\n").at(-1)?.split(/\s+/)[3]);
  return df.code === 0 && Number.isFinite(available) ? available * KIB : undefined;
}
