import {
  foreignText,
  hasObjects,
  readOwners,
  wasDeployedFromHere,
  type DockerOutput,
} from "../../providers/compose/owner";
import { dataDir } from "../../tools/paths";
import { readInstallation } from "../../tools/installation";
import { usage } from "../support/failure";

/**
 * Checks that this data folder owns the projects, before a command reads or changes their containers. A project
 * without an owner is owned if this data folder has deployed it (version 0.1 recorded no owner).
 * @throws Failure (exit code 2) that names the owner and how to take the project over
 */
export async function requireOwned(projects: readonly string[], docker: DockerOutput): Promise<void> {
  if (projects.length === 0) {
    return;
  }
  const id = readInstallation()?.id;
  const owners = await readOwners(docker);
  for (const project of new Set(projects)) {
    const owner = owners.find((one) => one.project === project);
    if (owner !== undefined && owner.installation !== id) {
      throw usage(foreignText(owner));
    }
    if (owner === undefined && !wasDeployedFromHere(project) && (await hasObjects(project, docker))) {
      throw usage(
        `project ${project}: expected to belong to this data folder (${dataDir()}), got one that it has never deployed; ` +
          `nothing was changed; fix: use the data folder that deployed it (XDG_DATA_HOME), or take it over: ` +
          `bin/longshore recover take-over:${project}`,
      );
    }
  }
}
