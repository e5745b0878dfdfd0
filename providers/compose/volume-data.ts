import { docker, DockerError, tryDocker } from "./docker";
import { UserError } from "./errors";
import type { ProjectInputs } from "./inputs";
import { tar } from "./tar";
import { dataProblem, volumesOf, wantedData, type HeldData, type WantedData } from "./volume-check";

/**
 * File at the root of a volume that records which version has written it. It is in the volume, because the volume outlives
 * containers, state and data folder, and labels of a volume cannot change. PostgreSQL has PG_VERSION of its own.
 */
const RECORD = ".longshore-data";
const PG_VERSION = "pgdata/PG_VERSION";
const MOUNT = "/longshore-data";

/**
 * Checks that each datastore of a document may start on the data in its volume. Changes nothing.
 * @param images local images, of which one serves to read volumes that no container mounts; none: such volumes are skipped
 * @returns problems, each with its fix
 */
export async function dataProblems(
  inputs: Pick<ProjectInputs, "project" | "document">,
  images: readonly string[],
): Promise<string[]> {
  const wanted = wantedData(inputs);
  const held =
    wanted.length === 0 ? new Map<string, HeldData>() : await heldData(inputs.project, wanted, images);
  return wanted.flatMap((one) => dataProblem(one, held) ?? []);
}

/** @throws UserError with every problem */
export async function requireData(
  inputs: Pick<ProjectInputs, "project" | "document">,
  images: readonly string[],
): Promise<void> {
  const problems = await dataProblems(inputs, images);
  if (problems.length > 0) {
    throw new UserError(`nothing was changed:\n${problems.map((one) => `  ${one}`).join("\n")}`);
  }
}

/**
 * Records the versions that are about to write, or have just created, the volumes of Redis, Kafka and Neo4j. Only these
 * upgrade their data in place.
 */
export async function recordData(
  inputs: Pick<ProjectInputs, "project" | "document">,
  images: readonly string[],
): Promise<void> {
  const wanted = wantedData(inputs).filter(({ kind }) => kind !== "postgres");
  if (wanted.length === 0) {
    return;
  }
  const existing = new Set(await volumesIn(inputs.project));
  const held = await heldData(inputs.project, wanted, images);
  const [image] = images;
  for (const { volume, kind, version } of wanted) {
    if (image !== undefined && existing.has(volume) && held.get(volume)?.version !== version) {
      await writeRecord(volume, { kind, version }, image);
    }
  }
}

/**
 * Reads the data in the volumes of datastores, by volume. Omits volumes without data.
 * @throws UserError if a volume cannot be read
 */
export async function heldData(
  project: string,
  wanted: readonly Pick<WantedData, "volume" | "kind">[],
  images: readonly string[],
): Promise<Map<string, HeldData>> {
  const existing = await volumesIn(project);
  const kinds = new Map(
    wanted.flatMap((one) => volumesOf(one, existing).map((name) => [name, one.kind] as const)),
  );
  const image = images[0] ?? (await anyImage(project));
  const names = [...kinds.keys()];
  if (names.length === 0 || image === undefined) {
    return new Map();
  }
  return withReader(names, image, async (read) => {
    const held = new Map<string, HeldData>();
    for (const [name, kind] of kinds) {
      const record = parseRecord(await read(name, RECORD));
      const own = kind === "postgres" ? (await read(name, PG_VERSION))?.trim() : undefined;
      const data = own !== undefined && /^\d+$/.test(own) ? { ...record, kind, version: own } : record;
      if (data !== undefined) {
        held.set(name, data);
      }
    }
    return held;
  });
}

/** Writes the record of a volume. */
export async function writeRecord(volume: string, data: HeldData, image: string): Promise<void> {
  const content = `${JSON.stringify(data)}\n`;
  await withContainer([volume], image, "rw", async (id) => {
    const input = tar([{ path: RECORD, content, user: 0, mode: 0o644 }]);
    await docker(["cp", "-", `${id}:${MOUNT}/0`], { input });
  });
}

function parseRecord(text: string | undefined): HeldData | undefined {
  try {
    const read = JSON.parse(text ?? "") as Partial<HeldData>;
    return typeof read.kind === "string" && typeof read.version === "string" ? (read as HeldData) : undefined;
  } catch {
    return undefined;
  }
}

async function volumesIn(project: string): Promise<string[]> {
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await docker(["volume", "ls", "--quiet", "--filter", filter]);
  return stdout.split("\n").filter((name) => name !== "");
}

/** An image that the project's containers use. */
async function anyImage(project: string): Promise<string | undefined> {
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await docker([
    "ps",
    "--all",
    "--no-trunc",
    "--filter",
    filter,
    "--format",
    "{{.Image}}",
  ]);
  return stdout.split("\n").find((image) => image !== "");
}

const NO_FILE = /could not find the file|no such file or directory/i;

type Read = (volume: string, path: string) => Promise<string | undefined>;

function withReader<T>(
  volumes: readonly string[],
  image: string,
  work: (read: Read) => Promise<T>,
): Promise<T> {
  return withContainer(volumes, image, "ro", (id) =>
    work(async (volume, path) => {
      const from = `${id}:${MOUNT}/${volumes.indexOf(volume)}/${path}`;
      const args = ["cp", from, "-"];
      const result = await tryDocker(args);
      if (result.exitCode === 0) {
        return contentOf(result.stdout);
      }
      // Anything else, such as a daemon that restarts, is not the absence of data, on which a new datastore may start.
      if (!NO_FILE.test(result.stderr)) {
        throw new DockerError(args, result);
      }
      return undefined;
    }),
  );
}

/** Content of the only file in a tar archive. */
function contentOf(archive: string): string {
  const size = Number.parseInt(archive.slice(124, 136), 8);
  return archive.slice(512, 512 + size);
}

/** Label of the containers that a killed command may leave. They never ran, but Docker deletes no volume that they mount. */
export const ACCESS_LABEL = "longshore.volume-access";

/** Creates a container that mounts volumes and never starts. `docker cp` reads and writes the volumes through it. */
async function withContainer<T>(
  volumes: readonly string[],
  image: string,
  access: "ro" | "rw",
  work: (id: string) => Promise<T>,
): Promise<T> {
  const mounts = volumes.flatMap((name, index) => ["--volume", `${name}:${MOUNT}/${index}:${access},nocopy`]);
  const label = ["--label", ACCESS_LABEL];
  const args = [
    "create",
    "--pull",
    "never",
    "--network",
    "none",
    "--entrypoint",
    "true",
    ...label,
    ...mounts,
    image,
  ];
  const { stdout } = await docker(args);
  const id = stdout.trim();
  try {
    return await work(id);
  } finally {
    await tryDocker(["rm", "--volumes", id]);
  }
}
