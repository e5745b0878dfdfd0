import { BlockList, isIP, SocketAddress } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Addresses that no socket can be bound to for connections: multicast and the broadcast address. */
const GROUPS = new BlockList();
GROUPS.addSubnet("224.0.0.0", 3, "ipv4");
GROUPS.addSubnet("ff00::", 8, "ipv6");

const ANY: readonly string[] = ["0.0.0.0", "::"];

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether only programs on the same machine can connect to an address. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, familyOf(address));
}

/**
 * Returns an address in its canonical form, such as `2001:db8::7` for `2001:DB8:0::7`.
 * @default - undefined for text that is not an address to listen on, such as a host name, a multicast address, an
 * address with a zone or an IPv4 address written as IPv6
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIP(text) === 0 || text.includes("%")) {
    return undefined;
  }
  const family = familyOf(text);
  const { address } = new SocketAddress({ address: text, family });
  const isMapped = family === "ipv6" && address.includes(".");
  return isMapped || GROUPS.check(address, family) ? undefined : address;
}

/** Whether two canonical addresses cannot use the same port: `0.0.0.0` and `::` include every address of their family. */
export function overlap(one: string, other: string): boolean {
  return (
    one === other ||
    (familyOf(one) === familyOf(other) && [one, other].some((address) => ANY.includes(address)))
  );
}
