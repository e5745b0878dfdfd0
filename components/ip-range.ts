/** A range of IPv4 addresses, as numbers. */
export interface IpRange {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Parses a range such as `10.0.0.0/20`. Returns the problem as text when it is invalid. */
export function parseIpRange(text: string): IpRange | string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const [prefix = 33, ...bytes] = (match?.slice(1) ?? []).map(Number).reverse();
  if (prefix > 32 || bytes.some((byte) => byte > 255)) {
    return 'expected an address range such as "10.0.0.0/20"';
  }
  const first = bytes.reverse().reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - prefix);
  return first % size === 0
    ? { first, last: first + size - 1, prefix }
    : `the address is not the first of a range of /${prefix}`;
}
