import { abandonedJobs, removeAbandonedJobs } from "../backup/job";
import { surveyDocker } from "../../tools/docker";
import { docker, projectOf } from "../compose/docker";
import { leftoverReleases, removeReleases } from "../compose/leftovers";
import { loadSettingsLeniently } from "../support/plans";
import { environmentWith } from "../support/tools";
import type { CreateRecoverer, Finding } from "./types";

/** Recoverer for the containers of dumps and restores that a killed command left behind. */
export const abandonedBackupJobs: CreateRecoverer = ({ stack }) => ({
  async find() {
    const { settings } = loadSettingsLeniently(stack);
    const found = settings.target === "compose" ? (await surveyDocker()).docker : undefined;
    if (found === undefined) {
      return [];
    }
    const engine = { env: environmentWith(found.env) };
    const findings = settings.systems.map(async (system): Promise<Finding[]> => {
      const project = projectOf(system, stack);
      const ids = await abandonedJobs(engine, project);
      return ids.length === 0
        ? []
        : [
            {
              id: `backup-job:${system}`,
              title: `${system} has ${ids.length} containers of an interrupted dump or restore`,
              detail: ids.map((id) => id.slice(0, 12)).join(", "),
              action: "remove them",
              apply: () => removeAbandonedJobs(engine, project),
            },
          ];
    });
    return (await Promise.all(findings)).flat();
  },
});

/** Recoverer for release files, including secrets, that a killed deployment left behind. */
export const unusedReleases: CreateRecoverer = ({ stack }) => ({
  async find() {
    const { settings } = loadSettingsLeniently(stack);
    const engine = settings.target === "compose" ? (await surveyDocker()).docker : undefined;
    if (engine === undefined) {
      return [];
    }
    const run = (args: readonly string[]) => docker({ env: environmentWith(engine.env) }, args);
    const found: Finding[] = [];
    for (const system of settings.systems) {
      const folders = await leftoverReleases(projectOf(system, stack), run);
      if (folders.length > 0) {
        found.push({
          id: `release:${system}`,
          title: `${system} has files of ${folders.length} releases that no container uses`,
          detail: folders.join(", "),
          action: "remove them",
          apply: () => {
            removeReleases(folders);
            return Promise.resolve();
          },
        });
      }
    }
    return found;
  },
});
