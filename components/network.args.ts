import { throwProblems, type Problem } from "../base/problems";
import { parseIpRange } from "./ip-range";

export interface NetworkRanges {
  /** Addresses of nodes. @default "10.0.0.0/20" (4,092 nodes) */
  nodes?: string;
  /** Addresses of pods. @default "10.4.0.0/14" (262,144 pods) */
  pods?: string;
  /** Addresses of Services in the cluster. @default "10.8.0.0/20" */
  services?: string;
  /** Prefix length of the range for Google's managed services. @default 16 */
  managedPrefix?: number;
}

/** Names of the secondary ranges of the subnetwork. */
export const POD_RANGE = "pods";
export const SERVICE_RANGE = "services";

/** Arguments of the network's resources as plain data. @throws ProblemsError for invalid or overlapping ranges */
export function networkSpec(name: string, region: string, ranges: NetworkRanges = {}) {
  const {
    nodes = "10.0.0.0/20",
    pods = "10.4.0.0/14",
    services = "10.8.0.0/20",
    managedPrefix = 16,
  } = ranges;
  throwProblems(`network ${name}`, checkRanges({ nodes, pods, services }));
  return {
    network: {
      autoCreateSubnetworks: false,
      routingMode: "REGIONAL",
      // Another region makes another VPC, because the description cannot change. In the same VPC, the new subnetwork would
      // be created before the old one is deleted, and its ranges would overlap.
      description: `Created by Longshore for ${region}`,
    },
    subnetwork: {
      region,
      ipCidrRange: nodes,
      secondaryIpRanges: [
        { rangeName: POD_RANGE, ipCidrRange: pods },
        { rangeName: SERVICE_RANGE, ipCidrRange: services },
      ],
      // Nodes have no public address and reach Google APIs privately.
      privateIpGoogleAccess: true,
      logConfig: {
        aggregationInterval: "INTERVAL_10_MIN",
        flowSampling: 0.1,
        metadata: "INCLUDE_ALL_METADATA",
      },
    },
    router: { region },
    nat: {
      region,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    managedRange: { addressType: "INTERNAL", purpose: "VPC_PEERING", prefixLength: managedPrefix },
    // Deleted with the network: an abandoned peering would keep the VPC (magic-modules#18476). Google refuses to delete it
    // for up to four days after the last Cloud SQL instance; docs/how-to/troubleshooting.md has the command that does not wait.
    managedAccess: { service: "servicenetworking.googleapis.com" },
  };
}

function checkRanges(ranges: Record<string, string>): Problem[] {
  const parsed = Object.entries(ranges).map(([name, text]) => ({ name, text, range: parseIpRange(text) }));
  return parsed.flatMap(({ name, text, range }, index): Problem[] => {
    const path = `ranges.${name}`;
    if (typeof range === "string") {
      return [{ path, message: `${range}, got "${text}"` }];
    }
    if (range.prefix < 8 || range.prefix > 29) {
      return [{ path, message: `expected a prefix from /8 to /29, got /${range.prefix}` }];
    }
    return parsed.slice(0, index).flatMap((other) => {
      const overlaps =
        typeof other.range !== "string" && range.first <= other.range.last && other.range.first <= range.last;
      return overlaps ? [{ path, message: `${text} overlaps ${other.text} of ${other.name}` }] : [];
    });
  });
}
