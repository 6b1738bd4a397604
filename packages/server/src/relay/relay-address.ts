/** Addresses of relays as callers and settings write them: `host:port`, or a host alone, with port 443. */
import { isIP, isIPv4, isIPv6 } from 'node:net';

export interface RelayAddress {
  /** A DNS name in lower case, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 443;
const MAX_TEXT = 261;
const ADDRESS = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253}))(?::([1-9][0-9]{0,4}))?$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMERIC_LABEL = /^([0-9]+|0x[0-9a-f]*)$/;

/**
 * Undefined for anything else: a scheme, a path, user names, spaces, a zone, and the spellings of IPv4 addresses
 * (`127.1`, `0x7f000001`) that only some programs take for one, so that what is checked is what is connected to.
 */
export function parseRelayAddress(text: string): RelayAddress | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const [, bracketed, plain, digits] = ADDRESS.exec(text) ?? [];
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (port > 65_535) return undefined;
  if (bracketed !== undefined)
    // One spelling per address.
    return isIPv6(bracketed) ? { host: new URL(`http://[${bracketed}]`).hostname.slice(1, -1), port } : undefined;
  const host = plain?.toLowerCase();
  if (host === undefined) return undefined;
  if (isIPv4(host)) return { host, port };
  const labels = host.split('.');
  if (!labels.every((label) => LABEL.test(label)) || NUMERIC_LABEL.test(labels.at(-1) ?? '')) return undefined;
  return { host, port };
}

/** As `parseRelayAddress` reads it. */
export function formatRelayAddress({ host, port }: RelayAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether nobody between can read or change what is sent there. Names other than `localhost` may be anywhere. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
