/** The text of an access token: a secret in the shape of a JWT. */
import { hash, randomBytes } from 'node:crypto';
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '../domain-error.ts';
import type { AccessToken } from './access-token.ts';

/**
 * Claims for clients that read their own token, in the words of the product whose clients do; never read by this service.
 */
export type RenderClaims = (token: Omit<AccessToken, 'digest'>) => Readonly<Record<string, JsonValue>>;

const MAX_CHARACTERS = 2_048;
const SHAPE = /^[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]{1,1900}\.[A-Za-z0-9_-]{43}$/;

/**
 * No `alg` of a standard: nothing is signed here, and a gateway that tries to verify such a token must fail. `none` would
 * tell it to accept anything, and the name of a real algorithm would promise a key that doesn't exist.
 */
const HEADER = Buffer.from('{"typ":"JWT","alg":"opaque"}').toString('base64url');

/**
 * `header.payload.secret`, the secret 32 random bytes, all in base64url; at most 2,048 characters. Standard claims (RFC
 * 7519, section 4.1) are added to those rendered. @throws DomainError `internal` where the claims are too long
 */
export function createTokenText(
  token: Omit<AccessToken, 'digest'>,
  renderClaims: RenderClaims,
): { readonly text: string; readonly digest: Uint8Array } {
  const claims: Record<string, JsonValue> = { ...renderClaims(token), iat: seconds(token.createdAtMs) };
  if (token.expiresAtMs !== undefined) claims['exp'] = seconds(token.expiresAtMs);
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  const text = `${HEADER}.${payload}.${randomBytes(32).toString('base64url')}`;
  const digest = tokenDigest(text);
  if (digest === undefined) throw new DomainError('internal', 'the claims of an access token are too long');
  return { text, digest };
}

/** What a token is looked up by: SHA-256 of the whole text. Undefined for a text that can't be one. */
export function tokenDigest(text: string): Uint8Array | undefined {
  return text.length <= MAX_CHARACTERS && SHAPE.test(text) ? hash('sha256', text, 'buffer') : undefined;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
