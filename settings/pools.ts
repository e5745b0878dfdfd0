import { isGivenByCluster } from "../base/labels";
import { GOOGLE_GPU } from "../catalog/devices";
import { withOfferedDevices } from "../catalog/plan/devices";
import { presentIn } from "../catalog/plan/presence";
import type { PlanSettings } from "../catalog/plan/settings";
import { gpusOf } from "../catalog/plan/workload";
import type { Problem } from "../base/problems";
import type { JobDefinition, ServiceDefinition, SystemDefinition } from "../catalog/types";
import { planSettings } from "./plan";
import type { PoolSettings, StackSettings } from "./types";

type Pools = Readonly<Record<string, PoolSettings>>;

/** Reports node pools on targets without pools, and workloads that no node pool can schedule. */
export function checkPools(
  settings: StackSettings,
  systems: Readonly<Record<string, SystemDefinition>>,
): Problem[] {
  const { target, cluster } = settings;
  return [
    ...(cluster.pools === undefined ? [] : checkPlace(settings)),
    ...(target === "gcp" && cluster.mode === "standard"
      ? settings.systems.flatMap((name) => {
          const definition = systems[name];
          return definition ? unmet(definition, planSettings(settings, name), cluster.pools ?? {}) : [];
        })
      : []),
    ...(target === "compose" ? namedKinds(settings) : []),
  ];
}

function checkPlace({ target, cluster: { mode, pools = {} } }: StackSettings): Problem[] {
  const path = "cluster.pools";
  if (target !== "gcp") {
    return [{ path, message: `makes nodes on Google Cloud, and the target is ${target}`, fix: "remove it" }];
  }
  if (mode === "autopilot") {
    const fix = "remove it: Autopilot makes the nodes that services ask for; or set cluster.mode to standard";
    return [{ path, message: "chooses nodes, and in mode autopilot Google does", fix }];
  }
  return Object.values(pools).some(takesEverything)
    ? []
    : [
        {
          path,
          message: "every pool is for some services only, and the others and GKE's own need one too",
          fix: "add one without GPUs and labels: pools: { general: {}, … }",
        },
      ];
}

function takesEverything({ gpu, labels = {}, dedicated = true }: PoolSettings): boolean {
  return gpu === undefined && (!dedicated || Object.keys(labels).length === 0);
}

/** Pods that no node pool can schedule. */
function unmet(described: SystemDefinition, settings: PlanSettings, pools: Pools): Problem[] {
  const { name, services, jobs } = withOfferedDevices(presentIn(described, settings), settings);
  return [
    ...services.flatMap((service) => unmetGpu(name, service, settings, pools)),
    ...[...services, ...jobs].flatMap((container) => unmetLabels(name, container, pools)),
  ];
}

function unmetGpu(
  system: string,
  service: ServiceDefinition,
  settings: PlanSettings,
  pools: Pools,
): Problem[] {
  const count = gpusOf(service, settings);
  const type =
    settings.services?.[service.name]?.gpuType ?? service.nodes?.[GOOGLE_GPU.label] ?? GOOGLE_GPU.smallest;
  const isThere = Object.values(pools).some(({ gpu }) => gpu?.type === type && gpu.count >= count);
  return count === 0 || isThere
    ? []
    : [
        {
          path: `${system}.services.${service.name}.gpu`,
          message: `asks for ${count} ${type}, and no node of cluster.pools has that`,
          fix: `add one, such as gpu: { gpu: { type: ${type}, count: ${count} } }`,
        },
      ];
}

function unmetLabels(system: string, container: ServiceDefinition | JobDefinition, pools: Pools): Problem[] {
  const own = Object.entries(container.nodes ?? {}).filter(([label]) => !isGivenByCluster(label));
  const isThere = Object.values(pools).some(({ labels = {} }) =>
    own.every(([label, value]) => labels[label] === value),
  );
  const usesDevices = container.exceptions.some(({ allow }) => allow === "device");
  const wanted = own.map(([label, value]) => `${label}: ${JSON.stringify(value)}`).join(", ");
  return own.length === 0 || isThere
    ? []
    : [
        {
          path: "cluster.pools",
          message: `no pool has the labels { ${wanted} }, and ${container.name} of ${system} runs nowhere else`,
          fix:
            "add one that has them" +
            (usesDevices ? `; or set ${system}.services.${container.name}.devices to false` : ""),
        },
      ];
}

/** Reports GPU types on one machine, which has only its own GPUs. */
function namedKinds({ perSystem }: StackSettings): Problem[] {
  return Object.entries(perSystem).flatMap(([system, { services }]) =>
    Object.entries(services)
      .filter(([, service]) => service?.gpuType !== undefined)
      .map(([name]) => ({
        path: `${system}.services.${name}.gpuType`,
        message: "chooses among nodes of a cluster, and the target is compose",
        fix: "remove it: one machine gives the GPUs that it has",
      })),
  );
}
