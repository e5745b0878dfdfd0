import type { Problem } from "../base/problems";
import type { Environment } from "../catalog/types";
import type { PoolSettings, StackSettings } from "./types";

/** Multi-regions of Cloud Storage by the continent in a region's name. Source: "Bucket locations", Cloud Storage. */
const MULTI_REGION: Readonly<Record<string, string>> = { asia: "asia", europe: "eu", us: "us" };

/**
 * Returns the multi-region that a region belongs to: dumps in it survive the loss of the region, and stay on its continent.
 * Undefined for regions without one.
 */
export function multiRegionOf(region: string): string | undefined {
  return MULTI_REGION[region.split("-")[0] ?? ""];
}

/** Machine families with Arm processors. Source: "Arm VMs on Compute Engine". */
const ARM = /^(t2a|c4a|n4a|a4x)-/;

/** Returns the platforms of a cluster's nodes. Autopilot creates amd64 nodes unless a pod selects others. */
export function nodePlatforms({
  mode,
  pools = {},
}: {
  readonly mode: "autopilot" | "standard";
  readonly pools?: Readonly<Record<string, Pick<PoolSettings, "machineType">>> | undefined;
}): NonNullable<StackSettings["platforms"]> {
  const machines =
    mode === "standard" ? Object.values(pools).map(({ machineType }) => machineType ?? "") : [];
  const isArm = machines.map((machine) => ARM.test(machine));
  return [
    ...(isArm.length === 0 || isArm.includes(false) ? (["linux/amd64"] as const) : []),
    ...(isArm.includes(true) ? (["linux/arm64"] as const) : []),
  ];
}

/** Environments whose datastores are dumped by default. */
export const BACKED_UP: readonly Environment[] = ["staging", "prod"];

/** Reports dumps without a location in a region that no multi-region includes. */
export function missingLocation(
  {
    backups,
    gcp,
  }: {
    readonly backups?:
      { readonly enabled?: boolean | undefined; readonly location?: string | undefined } | undefined;
    readonly gcp?: { readonly region: string } | undefined;
  },
  environment: Environment,
): Problem[] {
  const { enabled = BACKED_UP.includes(environment), location } = backups ?? {};
  return gcp && enabled && location === undefined && multiRegionOf(gcp.region) === undefined
    ? [
        {
          path: "backups.location",
          message: `not set, and ${gcp.region} is in no multi-region of Cloud Storage`,
          fix: "name another region than the data's, or set backups.enabled to false",
        },
      ]
    : [];
}
