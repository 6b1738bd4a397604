/** Who may be called: resolves a name once, and hands out the addresses that a connection may go to. */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { IpAddress } from './address-reach.ts';
import { canonicalHost } from './canonical-host.ts';
import { type OutboundAllowEntry, OutboundAllowList } from './outbound-allow-list.ts';
import { OutboundFailure } from './outbound-failure.ts';

/** The addresses of a name, in the order of preference. */
export type ResolveName = (name: string) => Promise<readonly IpAddress[]>;

export interface CheckedTarget {
  /** Canonical: lower case, IPv6 without brackets. Certificates are checked for it. */
  readonly host: string;
  readonly port: number;
  /** At least one; a connection goes to one of these and nowhere else. */
  readonly addresses: readonly IpAddress[];
  /** The operator named all of them; otherwise it is a public place, where TLS is required. */
  readonly listed: boolean;
  /**
   * For `net.connect`, `tls.connect`, `http.request` and what is built on them: answers with `addresses`, so that a name
   * which resolves to something else a moment later (DNS rebinding) gains nothing.
   */
  readonly lookup: LookupFunction;
}

/**
 * @param host a name or an address; IPv6 with or without brackets
 * @throws OutboundFailure `bad-target`, `not-allowed`, `unreachable` (no such name), `timeout`
 */
export type CheckTarget = (host: string, port: number, signal?: AbortSignal) => Promise<CheckedTarget>;

export interface TargetCheckOptions {
  readonly allow: readonly OutboundAllowEntry[];
  /** Default: the system's resolver, hosts file included. */
  readonly resolve?: ResolveName;
}

export interface TargetCheck {
  readonly checkTarget: CheckTarget;
  /** Whether a host that is an address is refused already by what it is. Names are judged when they are called. */
  readonly refusesLiteral: (host: string, port: number) => boolean;
}

const MAX_ADDRESSES = 16;
const NOT_ALLOWED =
  'the target is not a public address, and the list of allowed targets (--outbound-allow) does not have it';

export function createTargetCheck({ allow, resolve = resolveBySystem }: TargetCheckOptions): TargetCheck {
  const list = new OutboundAllowList(allow);
  // One question to the resolver at a time for each name: its threads are few, and shared with others.
  const underWay = new Map<string, Promise<readonly IpAddress[]>>();

  const resolveOnce = (name: string): Promise<readonly IpAddress[]> => {
    const known = underWay.get(name);
    if (known !== undefined) return known;
    const resolving = resolve(name).finally(() => underWay.delete(name));
    underWay.set(name, resolving);
    return resolving;
  };

  return {
    async checkTarget(text, port, signal) {
      const host = canonicalHost(text);
      if (host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
        throw new OutboundFailure('bad-target', 'the target is not a host and a port');
      const addresses = literalAddress(host) ?? (await unlessAborted(resolveOnce(host), signal));
      const judged = addresses.slice(0, MAX_ADDRESSES).map((address) => ({
        address,
        verdict: list.judge(host, address, port),
      }));
      const allowed = judged.filter(({ verdict }) => verdict !== 'refused');
      if (judged.length === 0) throw unresolved();
      if (allowed.length === 0) throw new OutboundFailure('not-allowed', NOT_ALLOWED);
      const permitted = allowed.map(({ address }) => address);
      return {
        host,
        port,
        addresses: permitted,
        listed: allowed.every(({ verdict }) => verdict === 'listed'),
        lookup: pinnedLookup(permitted),
      };
    },
    refusesLiteral(text, port) {
      const host = canonicalHost(text);
      const [address] = host === undefined ? [] : (literalAddress(host) ?? []);
      return host !== undefined && address !== undefined && list.judge(host, address, port) === 'refused';
    },
  };
}

function literalAddress(host: string): readonly IpAddress[] | undefined {
  const family = isIP(host);
  return family === 4 || family === 6 ? [{ address: host, family }] : undefined;
}

function pinnedLookup(addresses: readonly IpAddress[]): LookupFunction {
  return (_name, options, callback) => {
    const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
    const fitting = family === 0 ? addresses : addresses.filter((address) => address.family === family);
    const [first] = fitting;
    if (first === undefined) callback(new Error('no address of this family'), '', 0);
    else if (options.all === true)
      callback(
        null,
        fitting.map((address) => ({ ...address })),
      );
    else callback(null, first.address, first.family);
  };
}

async function resolveBySystem(name: string): Promise<readonly IpAddress[]> {
  const found = await lookup(name, { all: true, order: 'verbatim' });
  return found.flatMap(({ address, family }) => (family === 4 || family === 6 ? [{ address, family }] : []));
}

/** The resolver can't be stopped; its late answer is dropped. */
async function unlessAborted(
  resolving: Promise<readonly IpAddress[]>,
  signal: AbortSignal | undefined,
): Promise<readonly IpAddress[]> {
  signal?.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new OutboundFailure('timeout', 'the name could not be resolved in time'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([resolving, aborted.promise]);
  } catch (error) {
    throw error instanceof OutboundFailure ? error : unresolved(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function unresolved(cause?: unknown): OutboundFailure {
  return new OutboundFailure('unreachable', 'the host name could not be resolved', { cause });
}
