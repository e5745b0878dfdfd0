import { compareText } from "../problems";
import type { BuildSource, Develop, ImageDefinition, SystemDefinition } from "../types";
import type { PlanSettings } from "./settings";
import type { PlannedDevelop, PlannedProbe, Probes, Workload } from "./types";

/** Whether services run as they are developed: on one machine, from mounted sources (ALL-08). */
export function isDeveloped({ environment, target }: PlanSettings): boolean {
  return environment === "dev" && target === "compose";
}

/** The system with the images that its services are developed in, where that is asked for. */
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

/** Lays development over a planned service: the reloading stage with its command, mounts, the debugger. */
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

/** Development servers compile when they are asked for the first time, also by a probe. */
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

/** `src` is a folder of the build context, `shared:src/x` one of the named context `shared`. */
function mountSource(from: string, { context, contexts = {} }: BuildSource): string {
  const colon = from.indexOf(":");
  const named = colon < 0 ? undefined : contexts[from.slice(0, colon)];
  return named?.kind === "folder" ? `${named.path}/${from.slice(colon + 1)}` : `${context}/${from}`;
}
