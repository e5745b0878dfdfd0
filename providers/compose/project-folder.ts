import { join } from "node:path";
import { dataDir } from "../../tools/paths";

/** Private files of a project of this user. */
export function projectFolder(project: string): string {
  return join(dataDir(), "projects", project);
}
