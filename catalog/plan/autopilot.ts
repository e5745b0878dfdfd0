import type { Problem } from "../../base/problems";
import type { PlannedResources, Workload } from "./types";

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;

/**
 * Requests of a pod of the general-purpose class that GKE Autopilot leaves as they are. It raises others, and rejects
 * pods above the maximum. CPU in thousandths of a core, memory in bytes, both in clusters that support bursting (all
 * current releases).
 * Source: "Resource requests in Autopilot", docs.cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests.
 */
export const AUTOPILOT = {
  cpu: { min: 50, max: 30_000 },
  memory: { min: 52 * MEBIBYTE, max: 110 * GIBIBYTE },
  /** GiB of memory per virtual CPU. */
  ratio: { min: 1, max: 6.5 },
} as const;

/**
 * Returns the workload with requests that Autopilot leaves as they are. It would raise smaller ones in the cluster, and
 * every deployment would find a difference and replace the Jobs. Pods with GPUs have no minimum.
 */
export function onAutopilot(workload: Workload): Workload {
  const { resources, gpu } = workload;
  return gpu === undefined ? { ...workload, resources: raised(resources) } : workload;
}

function raised({ cpu, memory }: PlannedResources): PlannedResources {
  const { ratio } = AUTOPILOT;
  const cores = Math.max(cpu.request, AUTOPILOT.cpu.min);
  const bytes = Math.max(memory.request, AUTOPILOT.memory.min);
  const least = Math.ceil(((cores / 1000) * ratio.min * GIBIBYTE) / MEBIBYTE) * MEBIBYTE;
  return {
    cpu: { ...cpu, request: Math.max(cores, Math.ceil((bytes / GIBIBYTE / ratio.max) * 1000)) },
    memory: { ...memory, request: Math.max(bytes, least) },
  };
}

/** Reports requests that Autopilot rejects, and limits below the requests that it requires. */
export function checkAutopilot(workloads: readonly Workload[]): Problem[] {
  return workloads.flatMap(({ name, resources: { cpu, memory }, gpu }) =>
    gpu === undefined
      ? [
          ...checkAmount(`${name}.resources.cpu`, cpu, AUTOPILOT.cpu.max, (value) => `${value}m`),
          ...checkAmount(
            `${name}.resources.memory`,
            memory,
            AUTOPILOT.memory.max,
            (value) => `${Math.ceil(value / MEBIBYTE)}Mi`,
          ),
        ]
      : [],
  );
}

function checkAmount(
  path: string,
  { request, limit }: { readonly request: number; readonly limit: number },
  max: number,
  format: (value: number) => string,
): Problem[] {
  if (request > max) {
    return [
      {
        path,
        message: `expected a request of at most ${format(max)} on GKE Autopilot, got ${format(request)}`,
        fix: "request less, or set cluster.mode to standard",
      },
    ];
  }
  return request > limit
    ? [
        {
          path,
          message:
            `expected a limit of at least ${format(request)} on GKE Autopilot, which requests ` +
            `${AUTOPILOT.ratio.min} to ${AUTOPILOT.ratio.max} GiB per CPU, got ${format(limit)}`,
          fix: "raise the limit, or change the other request",
        },
      ]
    : [];
}
