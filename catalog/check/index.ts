import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import type { SystemDefinition } from "../types";
import { checkGenerated } from "../secrets";
import { located } from "../statements";
import { checkComposeOnly } from "./compose-only";
import { checkContainers } from "./containers";
import { checkDatastores } from "./datastores";
import { checkDevices } from "./devices";
import { checkImages } from "./images";
import { checkNames } from "./names";
import { checkPresence } from "./presence";
import { checkReferences } from "./references";
import { checkRoutes } from "./routes";
import { checkSettings } from "./settings";

/**
 * Returns every problem of a system description and of the environment settings that concern it. An empty list means
 * that every target can render the system.
 */
export function checkSystem(definition: SystemDefinition, settings?: PlanSettings): Problem[] {
  const problems = [
    ...checkTarget(definition, settings),
    ...(definition.problems ?? []),
    ...checkNames(definition),
    ...checkReferences(definition),
    ...checkComposeOnly(definition),
    ...checkSettings(definition, settings),
    ...checkGenerated(definition),
    ...checkImages(definition),
    ...checkDevices(definition),
    ...checkPresence(definition),
    ...checkContainers(definition),
    ...checkDatastores(definition, settings),
    ...checkRoutes(definition, settings),
  ];
  return withPlaces(definition, problems);
}

/** Prefixes the problems' paths with the system's name and adds the source location of each statement. */
export function withPlaces(definition: SystemDefinition, problems: readonly Problem[]): Problem[] {
  return located(definition, problems).map(({ path, ...problem }) => ({
    path: path === "" ? definition.name : `${definition.name}.${path}`,
    ...problem,
  }));
}

function checkTarget({ targets }: SystemDefinition, settings: PlanSettings | undefined): Problem[] {
  return !settings || !targets || targets.includes(settings.target)
    ? []
    : [
        {
          path: "targets",
          message: `runs on ${targets.join(", ")} only, and the target is ${settings.target}`,
        },
      ];
}
