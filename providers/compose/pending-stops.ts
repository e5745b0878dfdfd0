import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../tools/files";
import { makePrivateFolder } from "./durable-files";
import { projectFolder } from "./project-folder";

// Docker does not show that a container is being stopped: until its grace period is over, one whose `docker stop` was
// interrupted looks healthy, and a deployment that relied on it would report success just before it exits.

const folderOf = (project: string): string => join(projectFolder(project), "stopping");

/** Ids of containers that were told to stop and have not been seen to exit. */
export function pendingStops(project: string): ReadonlySet<string> {
  const folder = folderOf(project);
  return new Set(existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f]+$/.test(name)) : []);
}

/** Runs what stops containers, and notes them until it has seen that they exited. */
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
