import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

const CERTIFICATES = "/usr/local/share/ca-certificates";

/** Folders of the lab. */
export interface LabFolders {
  /** Its scripts and recipes: `lab/` of the checkout. */
  readonly scripts: string;
  /** What it builds and stores. */
  readonly cache: string;
}

const stampFile = ({ cache }: LabFolders): string => join(cache, "up.stamp");

/**
 * Stamp of everything that `lab.sh up` depends on: its scripts and recipes, the certificates in the images, the
 * mirror's process and its images. Undefined if the mirror does not run.
 */
async function currentStamp({ scripts, cache }: LabFolders): Promise<string | undefined> {
  const pid = Number(await readFile(join(cache, "registry.pid"), "utf8").catch(() => ""));
  if (!(pid > 0) || !(await isRegistry(pid))) {
    return undefined;
  }
  const repositories = join(cache, "registry", "docker", "registry", "v2", "repositories");
  const inputs = await Promise.all([
    ...[...(await filesIn(scripts)), ...(await filesIn(CERTIFICATES))].map(identity),
    ...(await readdir(repositories).catch(() => [])).map((name) => identity(join(repositories, name))),
  ]);
  return [`registry ${pid}`, ...inputs].join("\n");
}

async function isRegistry(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.trim() === "docker-registry";
}

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function identity(path: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(path, { bigint: true });
  return `${path} ${mtimeNs} ${size} ${ino}`;
}

/** Record of the last `lab.sh up`. */
interface Remembered {
  readonly stamp: string;
  readonly images: readonly string[];
}

/** Whether `lab.sh up` has completed for these images and none of its inputs has changed since. */
export async function isUp(folders: LabFolders, images: readonly string[] = []): Promise<boolean> {
  try {
    const said = JSON.parse(await readFile(stampFile(folders), "utf8")) as Remembered;
    return (
      images.every((image) => said.images.includes(image)) && said.stamp === (await currentStamp(folders))
    );
  } catch {
    return false;
  }
}

/** Records that `lab.sh up` has completed for these images. */
export async function rememberUp(folders: LabFolders, images: readonly string[] = []): Promise<void> {
  const stamp = await currentStamp(folders);
  const remembered = stamp === undefined ? undefined : ({ stamp, images } satisfies Remembered);
  await (remembered
    ? writeFile(stampFile(folders), JSON.stringify(remembered))
    : rm(stampFile(folders), { force: true }));
}
