/** How a Diffie-Hellman value is to be derived, between the process that prepares it and the one that derives. Pure. */
import type { Scheme } from './algorithm.ts';
import { EngineFailure } from './engine.ts';
import { assertSchemeMembers } from './scheme-members.ts';

/** Our own bound. */
export const MAX_SEED_BYTES = 1024;
/** RFC 9380, section 3.1: at least one byte; section 5.3.1: at most 255, beyond which it would be hashed. */
export const MAX_DOMAIN_BYTES = 255;

export function writeDhScheme(domain: Uint8Array): Scheme {
  return { domain: Buffer.from(domain).toString('hex') };
}

/** The domain separation tag. @throws EngineFailure `invalid_scheme` */
export function parseDhScheme(scheme: Scheme): Uint8Array {
  assertSchemeMembers(scheme, ['domain']);
  const { domain } = scheme as { domain?: unknown };
  if (typeof domain !== 'string' || !/^(?:[0-9a-f]{2}){1,255}$/.test(domain)) {
    throw new EngineFailure('invalid_scheme', `a domain has 1 to ${MAX_DOMAIN_BYTES} bytes, in lowercase hex`);
  }
  return Buffer.from(domain, 'hex');
}
