/** API keys: `base64(uuid ":" secret)`, 256 random bits, shown once, kept as SHA-256. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type PrincipalId, parseId } from './ids.ts';

export interface ParsedApiKey {
  readonly principalId: PrincipalId;
  readonly secretDigest: Uint8Array;
}

/** Longest text that is looked at at all; ours have 108 characters. */
const MAX_TEXT = 512;
/** Node's own decoder passes over whatever isn't base64, a second credential for instance. */
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** A new API key for a principal. `text` is the only copy of the secret. */
export function createApiKey(principalId: PrincipalId): { readonly text: string; readonly secretDigest: Uint8Array } {
  const secret = randomBytes(32).toString('base64url');
  return { text: Buffer.from(`${principalId}:${secret}`).toString('base64'), secretDigest: digestOf(secret) };
}

/** Reads standard or URL-safe base64, with or without padding; undefined for anything else. */
export function parseApiKey(text: string): ParsedApiKey | undefined {
  if (text.length > MAX_TEXT || !BASE64.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const principalId = colon === -1 ? undefined : parseId<PrincipalId>(decoded.slice(0, colon));
  const secret = decoded.slice(colon + 1);
  return principalId === undefined || secret.length < 16 ? undefined : { principalId, secretDigest: digestOf(secret) };
}

const NOBODY = Buffer.alloc(32);

/**
 * Whether it is one of the stored digests. Compares with all of them in constant time, also where there are none: the
 * time tells how many keys a principal has, and not which one matched.
 */
export function matchesApiKey(parsed: ParsedApiKey, stored: readonly Uint8Array[]): boolean {
  let matches = 0;
  for (const digest of stored) matches |= Number(timingSafeEqual(parsed.secretDigest, digest));
  if (stored.length === 0) timingSafeEqual(parsed.secretDigest, NOBODY);
  return matches === 1;
}

function digestOf(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}
