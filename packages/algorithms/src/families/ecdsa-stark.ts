/**
 * ECDSA on the curve of Starknet, as StarkWare's own implementations do it. What is signed is one number below 2^251, the
 * result of a hash over field elements (Pedersen, Poseidon), given as 32 big-endian bytes. Nonces are those of RFC 6979
 * with HMAC-SHA-256 and nothing else. Signatures are DER, or `r || s || recovery id` with 32 bytes for each number.
 *
 * s is as it comes, and the recovery id belongs to it: there is no low-S rule here, and Starknet's verifiers want r and
 * the inverse of s below 2^251 instead.
 */
import type { Algorithm, Payload, Prepared, Scheme, SigningOptions } from '../algorithm.ts';
import { findDigest } from '../digests.ts';
import { maxEcdsaSignatureBytes } from '../ecdsa-signature.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import { isStarkDigest, STARK_DIGEST_BYTES, STARK_ORDER_BITS } from '../stark-curve.ts';
import { findUnusedOption } from '../unused-options.ts';

// One object for all items, since a batch holds thousands of them until its last signature is made.
const DER: Scheme = {};
const RECOVERABLE: Scheme = { recoverable: true };

export const ecdsaStark: Algorithm = {
  name: 'ecdsa-stark',
  operation: 'sign',
  derivesChildren: false,
  parseParameters: refuseParameters,
  prepare,
  legacyKeyUse: () => [],
  keySizeBits: () => STARK_ORDER_BITS,
  /** The curve has no object identifier, hence no SubjectPublicKeyInfo. */
  encodeSpki: () => undefined,
  maxSignatureBytes: () => maxEcdsaSignatureBytes(STARK_ORDER_BITS),
  engines: [
    { name: 'scure', load: () => import('../engines/scure/ecdsa-stark.ts').then((engine) => engine.loadEngine()) },
  ],
};

/** `deterministic` may have either value: there is no other way. */
function prepare(payload: Payload, options: SigningOptions): Prepared {
  const unused = findUnusedOption(options, ['deterministic', 'recoverable']);
  if (unused !== undefined) return { ok: false, reason: unused };
  if (payload.kind !== 'digest') {
    return { ok: false, reason: 'ECDSA on the Stark curve signs a digest only: hash the message first' };
  }
  // What made the digest plays no part, and the hashes of Starknet have no name here; some callers name one by habit.
  const named = payload.digest === undefined ? undefined : findDigest(payload.digest);
  if (payload.bytes.length !== STARK_DIGEST_BYTES || (named !== undefined && named.bytes !== STARK_DIGEST_BYTES)) {
    return { ok: false, reason: `a digest for the Stark curve has 32 bytes, big-endian, not ${payload.bytes.length}` };
  }
  if (!isStarkDigest(payload.bytes)) {
    return { ok: false, reason: 'a digest for the Stark curve is a number below 2^251: its first 5 bits are zero' };
  }
  const scheme = options.recoverable === true ? RECOVERABLE : DER;
  const legacy = named?.legacy === undefined ? [] : [named.legacy];
  return { ok: true, value: { scheme, bytes: payload.bytes, legacy } };
}
