import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../tools/files";
import { makePrivateFolder } from "./durable-files";
import { projectFolder } from "./project-folder";

// Docker does not show that a container is being stopped. After an interrupted `docker stop`, the container looks
// healthy until its grace period ends; a deployment that relied on it would report success just before it exits.

const folderOf = (project: string): string => join(projectFolder(project), "stopping");

/** Ids of containers that were told to stop and whose exit was not yet observed. */
export function pendingStops(project: string): ReadonlySet<string> {
  const folder = folderOf(project);
  return new Set(existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f]+$/.test(name)) : []);
}

/** Runs work that stops containers. Records the containers until their exit is observed. */
export async function notingStops(
  project: string,
  ids: readonly string[],
  stop: () => Promise<void>,
): Promise<void> {
  const files = ids.map((id) => join(folderOf(project), id));
  makePrivateFolder(folderOf(project));
  files.forEach((file) => {
    replaceFile(file, "");
  });
  await stop();
  forgetStops(project, ids);
}

export function forgetStops(project: string, ids: Iterable<string>): void {
  for (const id of ids) {
    rmSync(join(folderOf(project), id), { force: true });
  }
}
