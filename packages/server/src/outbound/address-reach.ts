/**
 * What kind of place an IP address is, from IANA's registries of special-purpose addresses (RFC 6890 and its updates).
 * What isn't known to be public isn't public.
 */
import { BlockList, isIP } from 'node:net';

/**
 * `public`: anybody may be sent there. `local`: loopback and private networks; a listed name may lead there. `special`:
 * link-local, cloud metadata, translation and tunnel prefixes; only a listed network. `never`: no host at all, or an
 * IPv4 address in disguise.
 */
export type AddressReach = 'public' | 'local' | 'special' | 'never';

export interface IpAddress {
  /** Without brackets or zone. */
  readonly address: string;
  readonly family: 4 | 6;
}

type Range = readonly [network: string, bits: number];

const IPV4_NEVER: readonly Range[] = [
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const IPV4_SPECIAL: readonly Range[] = [
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Metadata and platform services of clouds that lie outside the link-local range.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
];
const IPV4_LOCAL: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
const IPV6_NEVER: readonly Range[] = [
  ['::', 128],
  ['ff00::', 8],
  // IPv4-mapped and IPv4-translated: the kernel connects to the IPv4 address inside.
  ['::ffff:0:0', 96],
  ['::ffff:0:0:0', 96],
];
const IPV6_SPECIAL: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['fd00:ec2::', 32],
];
const IPV6_LOCAL: readonly Range[] = [
  ['::1', 128],
  ['fc00::', 7],
];
const IPV6_PUBLIC: readonly Range[] = [['2000::', 3]];

// A list for each family: Node would compare an IPv4 address with IPv6 ranges by its mapped form.
const lists = {
  4: { never: listOf(4, IPV4_NEVER), special: listOf(4, IPV4_SPECIAL), local: listOf(4, IPV4_LOCAL) },
  6: { never: listOf(6, IPV6_NEVER), special: listOf(6, IPV6_SPECIAL), local: listOf(6, IPV6_LOCAL) },
};
const publicIpv6 = listOf(6, IPV6_PUBLIC);

/** `never` for what isn't an address of its family, or has a zone. */
export function addressReach({ address, family }: IpAddress): AddressReach {
  if (isIP(address) !== family || address.includes('%')) return 'never';
  const { never, special, local } = lists[family];
  const type = addressType(family);
  if (never.check(address, type)) return 'never';
  if (special.check(address, type)) return 'special';
  if (local.check(address, type)) return 'local';
  return family === 4 || publicIpv6.check(address, type) ? 'public' : 'special';
}

export function addressType(family: 4 | 6): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}

function listOf(family: 4 | 6, ranges: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, addressType(family));
  return list;
}
