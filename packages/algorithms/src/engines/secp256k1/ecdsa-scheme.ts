import type { Scheme } from '../../algorithm.ts';
import { EngineFailure } from '../../engine.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';

/**
 * Reads the scheme that `families/ecdsa.ts` writes.
 *
 * libsecp256k1's own nonce function is RFC 6979 with HMAC-SHA-256. RFC 6979 wants the HMAC of the digest's hash, so
 * that a deterministic signature under any other digest is refused here as well, whoever compiled the scheme.
 *
 * @throws EngineFailure `invalid_scheme`, `unsupported`
 */
export function parseEcdsaScheme(scheme: Scheme): { readonly deterministic: boolean; readonly recoverable: boolean } {
  assertSchemeMembers(scheme, ['digest', 'deterministic', 'recoverable']);
  const { digest, deterministic, recoverable = false } = scheme as Readonly<Record<string, unknown>>;
  if (typeof deterministic !== 'boolean') throw new EngineFailure('invalid_scheme', 'deterministic must be a boolean');
  if (typeof recoverable !== 'boolean') throw new EngineFailure('invalid_scheme', 'recoverable must be a boolean');
  if (digest !== undefined && typeof digest !== 'string') {
    throw new EngineFailure('invalid_scheme', 'digest must be a name');
  }
  if (deterministic && digest !== 'sha-256') {
    throw new EngineFailure(
      'unsupported',
      'deterministic ECDSA on secp256k1 is made with SHA-256 only: RFC 6979 uses the HMAC of the digest',
    );
  }
  return { deterministic, recoverable };
}
