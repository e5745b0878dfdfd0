import { Network } from "@longshore/components";

/**
 * A private network: a subnetwork for nodes, pods and Services, NAT for what they ask the internet, and an address range
 * in which managed stores get theirs.
 */
export function network(): Network {
  return new Network("main", { region: "europe-west3" });
}
