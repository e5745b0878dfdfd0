import { isGivenByCluster, isLabel } from "../base/labels";
import { throwProblems, type Problem } from "../base/problems";
import { SCOPES } from "./cluster.args";

/** A node pool of a standard cluster. */
export interface NodePoolSpecArgs {
  /** @default "e2-standard-4"; with GPUs the smallest machine that supports their type and number */
  machineType?: string | undefined;
  /** Nodes in each zone. @default 1 to 4; with GPUs 0 to 1 */
  nodes?: { min: number; max: number } | undefined;
  /** Zones that offer the machine type, such as `us-central1-a`. @default - the cluster's */
  zones?: readonly string[] | undefined;
  /** GPUs of each node, such as `{ type: "nvidia-l4", count: 1 }`. Only pods that request GPUs run there. @default - none */
  gpu?: { type: string; count: number } | undefined;
  /** @default {} */
  labels?: Readonly<Record<string, string>> | undefined;
  /** Whether only pods that select its labels run there, by taints. @default - true if it has labels */
  dedicated?: boolean | undefined;
}

/** Machine types by GPU type and number of GPUs. */
const GPU_MACHINES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "nvidia-l4": { 1: "g2-standard-4", 2: "g2-standard-24", 4: "g2-standard-48", 8: "g2-standard-96" },
  "nvidia-tesla-t4": { 1: "n1-standard-4", 2: "n1-standard-8", 4: "n1-standard-16" },
  "nvidia-tesla-a100": { 1: "a2-highgpu-1g", 2: "a2-highgpu-2g", 4: "a2-highgpu-4g", 8: "a2-highgpu-8g" },
  "nvidia-a100-80gb": { 1: "a2-ultragpu-1g", 2: "a2-ultragpu-2g", 4: "a2-ultragpu-4g", 8: "a2-ultragpu-8g" },
};
/** Pools of a standard cluster without `pools`. */
export const DEFAULT_POOLS: Readonly<Record<string, NodePoolSpecArgs>> = { general: {} };
const GENERAL_MACHINE = "e2-standard-4";

/** Arguments of the pool as plain data. @throws ProblemsError with every value that GKE rejects */
export function nodePoolSpec<T>(name: string, args: NodePoolSpecArgs, region: string, nodeAccount: T) {
  throwProblems(`node pool ${name}`, checkNodePool(args, region));
  const { gpu, zones, labels = {} } = args;
  const { nodes = gpu ? { min: 0, max: 1 } : { min: 1, max: 4 } } = args;
  return {
    ...(zones && { nodeLocations: [...zones] }),
    autoscaling: { minNodeCount: nodes.min, maxNodeCount: nodes.max, locationPolicy: "BALANCED" },
    management: { autoRepair: true, autoUpgrade: true },
    upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
    nodeConfig: {
      machineType: args.machineType ?? machineFor(gpu) ?? GENERAL_MACHINE,
      imageType: "COS_CONTAINERD",
      serviceAccount: nodeAccount,
      oauthScopes: SCOPES,
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: "GKE_METADATA" },
      metadata: { "disable-legacy-endpoints": "true" },
      labels: { ...labels },
      taints: taintsOf(args),
      ...(gpu && {
        guestAccelerators: [{ ...gpu, gpuDriverInstallationConfig: { gpuDriverVersion: "LATEST" } }],
      }),
    },
  };
}

function machineFor(gpu: NodePoolSpecArgs["gpu"]): string | undefined {
  return gpu && GPU_MACHINES[gpu.type]?.[gpu.count];
}

/** Taints that repel pods which do not select the pool's labels. */
function taintsOf({ gpu, labels = {}, dedicated = true }: NodePoolSpecArgs) {
  const taint = (key: string, value: string) => ({ key, value, effect: "NO_SCHEDULE" });
  return [
    // GKE adds this taint anyway.
    ...(gpu ? [taint("nvidia.com/gpu", "present")] : []),
    ...(dedicated ? Object.entries(labels).map(([key, value]) => taint(key, value)) : []),
  ];
}

function checkNodePool(args: NodePoolSpecArgs, region: string): Problem[] {
  const { nodes = { min: 0, max: 1 }, zones, labels = {} } = args;
  const isRange = Number.isInteger(nodes.min) && Number.isInteger(nodes.max) && nodes.min >= 0;
  return [
    ...(isRange && nodes.max >= Math.max(1, nodes.min)
      ? []
      : [
          {
            path: "nodes",
            message: `expected whole numbers 0 ≤ min ≤ max and max from 1, got min ${nodes.min}, max ${nodes.max}`,
          },
        ]),
    ...(zones?.length === 0
      ? [{ path: "zones", message: `expected zones such as ${region}-a, got none` }]
      : []),
    ...(zones ?? [])
      .filter((zone) => !/^-[a-z]$/.test(zone.startsWith(region) ? zone.slice(region.length) : ""))
      .map((zone) => ({
        path: "zones",
        message: `expected zones of ${region} such as ${region}-a, got ${zone}`,
      })),
    ...Object.entries(labels).flatMap(([label, value]) => checkLabel(label, value)),
    ...checkGpu(args),
  ];
}

function checkLabel(label: string, value: string): Problem[] {
  const path = `labels.${label}`;
  if (!isLabel(label, value)) {
    const got = JSON.stringify(`${label}=${value}`);
    return [{ path, message: `expected a label of Kubernetes, got ${got}` }];
  }
  return isGivenByCluster(label)
    ? [{ path, message: "is a label that the cluster gives by itself", fix: "choose a name of your own" }]
    : [];
}

function checkGpu({ gpu, machineType }: NodePoolSpecArgs): Problem[] {
  if (!gpu) {
    return [];
  }
  const { type, count } = gpu;
  const machines = GPU_MACHINES[type];
  if (!machines) {
    const known = Object.keys(GPU_MACHINES).join(", ");
    return machineType === undefined
      ? [
          {
            path: "machineType",
            message: `not set, and what ${type} is built into is not known here`,
            fix: `name the machine, or a GPU of these: ${known}`,
          },
        ]
      : [];
  }
  const [example = ""] = Object.values(machines);
  const family = example.slice(0, example.indexOf("-"));
  return [
    ...(count in machines
      ? []
      : [{ path: "gpu.count", message: `expected ${Object.keys(machines).join(", ")}, got ${count}` }]),
    ...(machineType === undefined || machineType.startsWith(`${family}-`)
      ? []
      : [
          {
            path: "machineType",
            message: `expected a machine that takes ${type}, such as ${machines[count] ?? example}, got ${machineType}`,
          },
        ]),
  ];
}
