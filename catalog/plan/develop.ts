import { compareText } from "../../base/problems";
import type { BuildSource, Develop, ImageDefinition, SystemDefinition } from "../types";
import type { PlanSettings } from "./settings";
import type { PlannedDevelop, PlannedProbe, Probes, Workload } from "./types";

/** Whether services run in development mode: on one machine, from mounted sources (ALL-08). */
export function isDeveloped({ environment, target }: PlanSettings): boolean {
  return environment === "dev" && target === "compose";
}

/** Adds the development images of the services, if development mode is on. */
export function withDevelopment(definition: SystemDefinition, settings: PlanSettings): SystemDefinition {
  if (!isDeveloped(settings)) {
    return definition;
  }
  const images = new Map(definition.images.map((image) => [image.name, image]));
  const stages = new Map<string, ImageDefinition>();
  for (const { image: name, develop } of definition.services) {
    const image = images.get(name);
    if (develop && image?.source.kind === "build") {
      const stage = stageName(name, develop);
      stages.set(stage, { ...image, name: stage, source: { ...image.source, target: develop.target } });
    }
  }
  return { ...definition, images: [...definition.images, ...stages.values()] };
}

/** Applies development mode to a planned service: the reloading stage with its command, mounts and debugger. */
export function developed(workload: Workload, develop: Develop, { source }: ImageDefinition): Workload {
  const { command: _, ...rest } = workload;
  const { command, debug } = develop;
  return {
    ...rest,
    ...(command && { command }),
    env: [...workload.env, ...(debug === undefined ? [] : [{ name: "DEBUG_PORT", value: String(debug) }])],
    image: stageName(workload.image, develop),
    probes: patient(workload.probes),
    develop: plannedDevelop(develop, source as BuildSource),
  };
}

/** Raises the probes' timeouts, because a development server compiles on the first request, including a probe's. */
function patient({ live, ready, startupSeconds }: Probes): Probes {
  const slow = (probe: PlannedProbe): PlannedProbe => ({
    ...probe,
    intervalSeconds: Math.max(probe.intervalSeconds, 15),
    timeoutSeconds: Math.max(probe.timeoutSeconds, 15),
  });
  return {
    startupSeconds: Math.max(startupSeconds, 180),
    ...(live && { live: slow(live) }),
    ...(ready && { ready: slow(ready) }),
  };
}

function stageName(image: string, { target }: Develop): string {
  return `${image}-${target}`;
}

function plannedDevelop({ mounts, debug, build }: Develop, source: BuildSource): PlannedDevelop {
  return {
    mounts: Object.entries(mounts)
      .map(([from, path]) => ({ source: mountSource(from, source), path }))
      .sort((a, b) => compareText(a.path, b.path)),
    ...(debug !== undefined && { debug }),
    ...(build !== undefined && { build }),
  };
}

/**
 * Resolves a mount source: `src` is a folder of the build context, `shared:src/x` one of the named context `shared`.
 */
function mountSource(from: string, { context, contexts = {} }: BuildSource): string {
  const colon = from.indexOf(":");
  const named = colon < 0 ? undefined : contexts[from.slice(0, colon)];
  return named?.kind === "folder" ? `${named.path}/${from.slice(colon + 1)}` : `${context}/${from}`;
}
