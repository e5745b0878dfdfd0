import {
  foreignText,
  hasObjects,
  readOwners,
  takeOver,
  wasDeployedFromHere,
} from "../../providers/compose/owner";
import { readInstallation } from "../../tools/installation";
import { surveyDocker } from "../../tools/docker";
import { docker, projectOf } from "../compose/docker";
import { loadSettingsLeniently } from "../support/plans";
import { environmentWith } from "../support/tools";
import type { CreateRecoverer, Finding } from "./types";

/** Recoverer for Compose projects with this stack's names that another or an unknown data folder owns. */
export const takeOvers: CreateRecoverer = ({ stack }) => ({
  async find() {
    const { settings } = loadSettingsLeniently(stack);
    const engine = settings.target === "compose" ? (await surveyDocker()).docker : undefined;
    if (engine === undefined) {
      return [];
    }
    const run = (args: readonly string[]) => docker({ env: environmentWith(engine.env) }, args);
    const id = readInstallation()?.id;
    const owners = await readOwners(run);
    const found: Finding[] = [];
    for (const project of settings.systems.map((system) => projectOf(system, stack))) {
      const owner = owners.find((one) => one.project === project);
      const isForeign =
        owner === undefined
          ? !wasDeployedFromHere(project) && (await hasObjects(project, run))
          : owner.installation !== id;
      if (isForeign) {
        found.push({
          id: `take-over:${project}`,
          title: `project ${project} belongs to ${owner === undefined ? "an unknown data folder" : `${owner.user} (${owner.folder})`}`,
          detail: owner === undefined ? "its containers or volumes have no owner" : foreignText(owner),
          action: "take it over: the next up uses its volumes, and its owner is refused from then on",
          onlyByName: true,
          apply: () => takeOver(project, run),
        });
      }
    }
    return found;
  },
});
