import { canonicalHost } from './canonical-host.ts';

export interface OutboundUrl {
  readonly secure: boolean;
  /** Canonical. */
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** For the Host header: with brackets and with a port that isn't the scheme's own. */
  readonly authority: string;
}

export type ParsedOutboundUrl =
  | { readonly ok: true; readonly url: OutboundUrl }
  /** A sentence that starts with "the URL". */
  | { readonly ok: false; readonly reason: string };

const MAX_URL_CHARACTERS = 2048;
/** What the URL standard passes over, trims or reads as something else: white space, control characters, backslashes. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/;

/** `http:` and `https:` alone; nothing that could be read in two ways. */
export function parseOutboundUrl(text: string): ParsedOutboundUrl {
  if (text.length > MAX_URL_CHARACTERS) return refused(`has more than ${MAX_URL_CHARACTERS} characters`);
  if (!PLAIN.test(text)) return refused('contains spaces, control characters, backslashes or characters outside ASCII');
  const scheme = /^https?:\/\/(?!\/)/i.exec(text)?.[0];
  const url = scheme === undefined ? null : URL.parse(text);
  if (scheme === undefined || url === null) return refused('must start with https:// or http:// and name a host');
  const authority = text.slice(scheme.length).split(/[/?#]/, 1)[0] ?? '';
  if (authority.includes('@')) return refused('must not contain a user name or password');
  if (text.includes('#')) return refused('must not contain a fragment');
  const host = canonicalHost(url.hostname);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (host === undefined || port === 0) return refused('does not name a host and port that can be called');
  return { ok: true, url: { secure, host, port, path: `${url.pathname}${url.search}`, authority: url.host } };
}

function refused(problem: string): ParsedOutboundUrl {
  return { ok: false, reason: `the URL ${problem}` };
}
