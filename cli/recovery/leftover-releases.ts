import { surveyDocker } from "../../tools/docker";
import { docker, projectOf } from "../compose/docker";
import { leftoverReleases, removeReleases } from "../compose/leftovers";
import { loadSettingsLeniently } from "../support/plans";
import { environmentWith } from "../support/tools";
import type { CreateRecoverer, Finding } from "./types";

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
