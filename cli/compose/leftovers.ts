import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../providers/compose/project-folder";
import { readUnfinished } from "../../providers/compose/unfinished";
import type { DockerOutput } from "../../providers/compose/owner";

/**
 * Lists release folders that a killed deployment left behind. No container mounts them, and the last deployment has
 * completed with another release. Never lists the newest release. The caller must hold the stack's lock.
 */
export async function leftoverReleases(project: string, docker: DockerOutput): Promise<string[]> {
  const releases = join(projectFolder(project), "releases");
  const names = namesIn(releases);
  if (names.length < 2 || readUnfinished(project) !== undefined) {
    return [];
  }
  const mounts = await mountsOf(project, docker);
  const isMounted = (name: string) => mounts.some((mount) => mount.startsWith(`${join(releases, name)}/`));
  // Containers without files mount no release, so their release cannot be determined.
  if (!names.some(isMounted)) {
    return [];
  }
  const age = (name: string) => statSync(join(releases, name)).mtimeMs;
  const newest = names.filter((name) => !name.startsWith(".")).sort((a, b) => age(b) - age(a))[0];
  return names.filter((name) => name !== newest && !isMounted(name)).map((name) => join(releases, name));
}

export function removeReleases(folders: readonly string[]): void {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function mountsOf(project: string, docker: DockerOutput): Promise<string[]> {
  const filter = `label=com.docker.compose.project=${project}`;
  const ids = (await docker(["ps", "--all", "--quiet", "--filter", filter]))
    .split("\n")
    .filter((id) => id !== "");
  if (ids.length === 0) {
    return [];
  }
  const format = '{{range .Mounts}}{{.Source}}{{"\\n"}}{{end}}';
  return (await docker(["inspect", "--format", format, ...ids])).split("\n");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return [];
    }
    throw error;
  }
}
