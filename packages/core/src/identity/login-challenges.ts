/**
 * Challenges for logging in. They are made for anybody who knows, or guesses, an email, and therefore take no memory:
 * the identifier carries everything under a MAC. Only one that was answered well is remembered, so that it works once.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain-error.ts';

export interface LoginChallenges {
  make(email: string): { readonly challenge: string; readonly identifier: string; readonly expiresAtMs: number };
  /** What the identifier stands for; undefined for one that isn't ours, is expired, or was used. */
  open(identifier: string): { readonly challenge: string; readonly email: string } | undefined;
  /**
   * After a good answer, before anything comes of it. false: another answer was first.
   * @throws DomainError `rate_limited` when very many have logged in within five minutes
   */
  spend(identifier: string): boolean;
}

const LIFETIME_MS = 5 * 60_000;
const MAX_IDENTIFIER_CHARACTERS = 1_024;
const MAX_SPENT = 100_000;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const HEAD_BYTES = NONCE_BYTES + 8;

/** The MAC key is made here: a restart ends all challenges. */
export function createLoginChallenges(now: () => number): LoginChallenges {
  const key = randomBytes(32);
  const spent = new Map<string, number>();
  const mac = (tag: string, content: Uint8Array): Buffer =>
    createHmac('sha256', key).update(`countersign/login-${tag}/v1\n`).update(content).digest();
  const challengeOf = (content: Uint8Array): string => mac('challenge', content).toString('base64url');

  /** The part under the MAC: nonce, expiry as u64, email. */
  function contentOf(identifier: string): Buffer | undefined {
    if (identifier.length > MAX_IDENTIFIER_CHARACTERS) return undefined;
    const bytes = Buffer.from(identifier, 'base64url');
    // One text for one identifier: Node's decoder passes over what isn't base64url.
    if (bytes.length <= HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== identifier) return undefined;
    const content = bytes.subarray(0, -MAC_BYTES);
    return timingSafeEqual(mac('identifier', content), bytes.subarray(-MAC_BYTES)) ? content : undefined;
  }

  return {
    make(email) {
      const expiresAtMs = now() + LIFETIME_MS;
      const content = Buffer.concat([randomBytes(NONCE_BYTES), Buffer.alloc(8), Buffer.from(email)]);
      content.writeBigUInt64BE(BigInt(expiresAtMs), NONCE_BYTES);
      const identifier = Buffer.concat([content, mac('identifier', content)]).toString('base64url');
      return { challenge: challengeOf(content), identifier, expiresAtMs };
    },

    open(identifier) {
      const content = contentOf(identifier);
      if (content === undefined || spent.has(identifier)) return undefined;
      if (content.readBigUInt64BE(NONCE_BYTES) <= BigInt(now())) return undefined;
      return { challenge: challengeOf(content), email: content.toString('utf8', HEAD_BYTES) };
    },

    spend(identifier) {
      if (spent.has(identifier)) return false;
      for (const [old, forgetAtMs] of spent) {
        if (forgetAtMs > now()) break;
        spent.delete(old);
      }
      if (spent.size >= MAX_SPENT) throw new DomainError('rate_limited', 'too many logins; try again later');
      spent.set(identifier, now() + LIFETIME_MS);
      return true;
    },
  };
}
