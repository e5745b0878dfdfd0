import { join } from "node:path";
import { dataDir } from "../../tools/paths";

/** Folder of a project's private files. */
export function projectFolder(project: string): string {
  return join(dataDir(), "projects", project);
}
