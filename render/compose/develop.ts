import type { Plan, PlannedImage } from "../../catalog/plan/types";
import type { ComposeNetwork, ComposeOverride, ComposeService } from "./document";
import { escapeDollars } from "./escape";
import { defined } from "./service";

/**
 * What development lays over the document (ALL-08): the reloading stage of the image, sources mounted read-only,
 * the debugger's port on the loopback address. An internal network publishes nothing, so a debugged workload gets
 * a network of its own. `undefined` when nothing in the plan is developed.
 */
export function developOverride(
  plan: Plan,
  root: string,
  options: { imageReference(image: PlannedImage): string },
): ComposeOverride | undefined {
  const images = new Map(plan.images.map((image) => [image.name, image]));
  const services: Record<string, Partial<ComposeService>> = {};
  const networks: Record<string, ComposeNetwork> = {};
  for (const { name, image: imageName, develop } of plan.workloads) {
    const image = images.get(imageName);
    if (!develop || image?.source.kind !== "build") {
      continue;
    }
    const context = `${root.replace(/\/+$/, "")}/${image.source.context}`;
    const debug = develop.debug === undefined ? undefined : { port: develop.debug, network: `${name}_debug` };
    if (debug) {
      networks[debug.network] = {};
    }
    services[name] = defined<Partial<ComposeService>>(
      escapeDollars({
        image: `${options.imageReference(image)}-${develop.target}`,
        build: { context, target: develop.target },
        ports: debug && [`127.0.0.1:${debug.port}:${debug.port}`],
        volumes: develop.mounts.map(({ source, path }) => ({
          type: "bind" as const,
          source: `${context}/${source}`,
          target: path,
          read_only: true,
        })),
        networks: debug && [debug.network],
      }),
    );
  }
  if (Object.keys(services).length === 0) {
    return undefined;
  }
  return { services, ...(Object.keys(networks).length > 0 && { networks }) };
}
