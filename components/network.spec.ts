import type { Problem } from "../catalog/problems";
import { throwProblems } from "../catalog/problems";

export interface NetworkRanges {
  /** Addresses of nodes. @default "10.0.0.0/20" (4,092 nodes) */
  nodes?: string;
  /** Addresses of pods. @default "10.4.0.0/14" (262,144 pods) */
  pods?: string;
  /** Addresses of Services in the cluster. @default "10.8.0.0/20" */
  services?: string;
  /** Size of the range that Google's managed services take addresses from, as a prefix. @default 16 */
  managedPrefix?: number;
}

/** Names of the secondary ranges of the subnetwork. */
export const POD_RANGE = "pods";
export const SERVICE_RANGE = "services";

/** The parts of a network as plain data. @throws ProblemsError when ranges overlap or are no ranges */
export function networkSpec(name: string, region: string, ranges: NetworkRanges = {}) {
  const { nodes = "10.0.0.0/20", pods = "10.4.0.0/14", services = "10.8.0.0/20", managedPrefix = 16 } = ranges;
  throwProblems(`network ${name}`, checkRanges({ nodes, pods, services }));
  return {
    network: { autoCreateSubnetworks: false, routingMode: "REGIONAL", description: "Made by Longshore" },
    subnetwork: {
      region,
      ipCidrRange: nodes,
      secondaryIpRanges: [
        { rangeName: POD_RANGE, ipCidrRange: pods },
        { rangeName: SERVICE_RANGE, ipCidrRange: services },
      ],
      // Nodes have no public address: this is how they reach Google's own services.
      privateIpGoogleAccess: true,
      logConfig: { aggregationInterval: "INTERVAL_10_MIN", flowSampling: 0.1, metadata: "INCLUDE_ALL_METADATA" },
    },
    router: { region },
    nat: {
      region,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    managedRange: { addressType: "INTERNAL", purpose: "VPC_PEERING", prefixLength: managedPrefix },
    managedAccess: {
      service: "servicenetworking.googleapis.com",
      // The peering outlives the last database by days; waiting for it would fail the whole destroy.
      deletionPolicy: "ABANDON",
    },
  };
}

function checkRanges(ranges: Record<string, string>): Problem[] {
  const parsed = Object.entries(ranges).map(([name, range]) => ({ name, range, bounds: bounds(range) }));
  const malformed = parsed
    .filter(({ bounds: found }) => !found)
    .map(({ name, range }) => ({
      path: `ranges.${name}`,
      message: `expected an address range such as "10.0.0.0/20", got "${range}"`,
    }));
  const overlaps = parsed.flatMap((one, index) =>
    parsed.slice(index + 1).flatMap((other) =>
      one.bounds && other.bounds && one.bounds[0] <= other.bounds[1] && other.bounds[0] <= one.bounds[1]
        ? [{ path: `ranges.${other.name}`, message: `${other.range} overlaps ${one.range} of ${one.name}` }]
        : [],
    ),
  );
  return [...malformed, ...overlaps];
}

/** First and last address as numbers. */
function bounds(range: string): [number, number] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(range);
  const parts = match?.slice(1).map(Number) ?? [];
  const prefix = parts[4];
  if (prefix === undefined || prefix < 8 || prefix > 29 || parts.slice(0, 4).some((byte) => byte > 255)) {
    return undefined;
  }
  const address = parts.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - prefix);
  return address % size === 0 ? [address, address + size - 1] : undefined;
}
