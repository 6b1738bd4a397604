/** The list of targets that the service may call though they aren't public addresses: `--outbound-allow`. */
import { isIP } from 'node:net';
import type { ParsedSetting } from './setting.ts';

/** One entry, as plain data. Without `port` it holds for all ports. */
export type OutboundAllowEntry =
  /** Lower case, without a dot at the end. */
  | { readonly kind: 'name'; readonly name: string; readonly port?: number }
  | {
      readonly kind: 'network';
      readonly address: string;
      readonly family: 4 | 6;
      readonly prefixBits: number;
      readonly port?: number;
    };

/** What holds where nobody gave a list and the service itself listens on loopback. */
export const LOOPBACK_TARGETS: readonly OutboundAllowEntry[] = [
  { kind: 'network', address: '127.0.0.0', family: 4, prefixBits: 8 },
  { kind: 'network', address: '::1', family: 6, prefixBits: 128 },
];

const MAX_ENTRIES = 256;
const BITS = { 4: 32, 6: 128 } as const;
/** A name, an IPv4 address or an IPv6 address in brackets, and a port. */
const HOST_AND_PORT = /^(?:\[([^\]]*)\]|([^:[\]/]+))(?::([0-9]{1,5}))?$/;
const NETWORK = /^([0-9A-Fa-f:.]+)\/([0-9]{1,3})$/;
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
/** `127.1` or `0x7f000001`: an address in a spelling that no target is compared with. */
const LIKE_AN_ADDRESS = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/** `none`, or entries separated by commas: HOST, HOST:PORT, ADDRESS, ADDRESS:PORT, NETWORK/BITS. */
export function outboundAllow(value: string): ParsedSetting<readonly OutboundAllowEntry[] | undefined> {
  if (value.trim() === 'none') return { ok: true, value: [] };
  const texts = value.split(',').map((text) => text.trim());
  const entries = texts.slice(0, MAX_ENTRIES).map(parseEntry);
  const valid = entries.filter((entry) => entry !== undefined);
  if (texts.length > MAX_ENTRIES || valid.length !== texts.length)
    return {
      ok: false,
      problem: `must be none, or at most ${MAX_ENTRIES} of HOST, HOST:PORT or NETWORK/BITS separated by commas, for example localhost:9000,10.0.0.0/8,[::1]:9000`,
    };
  return { ok: true, value: valid };
}

/** As the setting is written, for people. */
export function outboundAllowText(entries: readonly OutboundAllowEntry[]): string {
  if (entries.length === 0) return 'none';
  return entries
    .map((entry) => {
      const port = entry.port === undefined ? '' : `:${entry.port}`;
      if (entry.kind === 'name') return `${entry.name}${port}`;
      if (port === '') return `${entry.address}/${entry.prefixBits}`;
      return entry.family === 6 ? `[${entry.address}]${port}` : `${entry.address}${port}`;
    })
    .join(',');
}

function parseEntry(text: string): OutboundAllowEntry | undefined {
  return parseNetwork(text) ?? parseHost(text);
}

function parseNetwork(text: string): OutboundAllowEntry | undefined {
  const [, address = '', bits = ''] = NETWORK.exec(text) ?? [];
  const family = familyOf(isIP(text) === 6 ? text : address);
  if (family === undefined) return undefined;
  if (isIP(text) === 6) return { kind: 'network', address: text, family, prefixBits: BITS[family] };
  const prefixBits = Number(bits);
  return prefixBits > BITS[family] ? undefined : { kind: 'network', address, family, prefixBits };
}

function parseHost(text: string): OutboundAllowEntry | undefined {
  const match = HOST_AND_PORT.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain = '', digits] = match;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const onPort = port === undefined ? {} : { port };
  const address = bracketed ?? plain;
  const family = familyOf(address);
  if (bracketed !== undefined && family !== 6) return undefined;
  if (family !== undefined) return { kind: 'network', address, family, prefixBits: BITS[family], ...onPort };
  const name = plain.toLowerCase().replace(/\.$/, '');
  return name.length <= 253 && NAME.test(name) && !LIKE_AN_ADDRESS.test(name)
    ? { kind: 'name', name, ...onPort }
    : undefined;
}

function familyOf(address: string): 4 | 6 | undefined {
  const family = isIP(address);
  return family === 4 || (family === 6 && !address.includes('%')) ? (family as 4 | 6) : undefined;
}
