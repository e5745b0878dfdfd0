import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir, repoRoot } from "./paths";

const CERTIFICATES = "/usr/local/share/ca-certificates";
const folder = (): string => join(cacheDir(), "lab");
const file = (): string => join(folder(), "up.stamp");

/**
 * Everything that decides what `lab.sh up` has to do, as one text: its scripts and recipes, the certificates that
 * go into images, the mirror's process and the images that it has. Undefined when the mirror does not run.
 */
async function currentStamp(): Promise<string | undefined> {
  const pid = Number(await readFile(join(folder(), "registry.pid"), "utf8").catch(() => ""));
  if (!(pid > 0) || !(await isRegistry(pid))) {
    return undefined;
  }
  const lab = join(repoRoot(), "tools", "lab");
  const repositories = join(folder(), "registry", "docker", "registry", "v2", "repositories");
  const inputs = await Promise.all([
    ...[...(await filesIn(lab)), ...(await filesIn(CERTIFICATES))].map(identity),
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

/** Whether `lab.sh up` was done and nothing that it looks at has changed since. */
export async function isLabUp(): Promise<boolean> {
  try {
    const said = await readFile(file(), "utf8");
    return said === (await currentStamp());
  } catch {
    return false;
  }
}

/** Remembers that `lab.sh up` has just been done. */
export async function rememberLabUp(): Promise<void> {
  const stamp = await currentStamp();
  await (stamp === undefined ? rm(file(), { force: true }) : writeFile(file(), stamp));
}
