/**
 * Diffie-Hellman on secp256k1 as a keyed function: the same key, domain and seed always give the same 32 bytes, which
 * nobody can tell from random ones, or compute, without the key.
 *
 * The seed is hashed to a point by `secp256k1_XMD:SHA-256_SSWU_RO_` of RFC 9380, section 8.7, with the caller's domain as
 * domain separation tag; the point is multiplied by the private scalar; the output is SHA-256 of the product's compressed
 * SEC1 encoding, 33 bytes. The hosted product that has such keys names the same suite, but how it makes its output of the
 * point isn't public: its outputs and ours differ, and a key that moves here gives other values.
 *
 * Callers choose a seed and never a point, so that the multiplication is no oracle for points of their own making.
 * Nothing can be verified with the public key alone.
 */
import type { Algorithm, EngineBinding, Payload, Prepared, SigningOptions } from '../algorithm.ts';
import { encodeObjectIdentifier } from '../der.ts';
import { MAX_DOMAIN_BYTES, MAX_SEED_BYTES, writeDhScheme } from '../dh-scheme.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import { findUnusedOption } from '../unused-options.ts';
import { WEIERSTRASS_CURVES } from '../weierstrass-curves.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const CURVE_PARAMETERS = encodeObjectIdentifier(WEIERSTRASS_CURVES.secp256k1.oid);
const OUTPUT_BYTES = 32;

const engines: readonly [EngineBinding, ...EngineBinding[]] = [
  {
    name: 'libsecp256k1',
    load: () => import('../engines/libsecp256k1/dh.ts').then((engine) => engine.loadEngine()),
  },
  {
    name: 'secp256k1-npm',
    load: () => import('../engines/secp256k1-npm/dh.ts').then((engine) => engine.loadEngine()),
  },
];

export const dhSecp256k1: Algorithm = {
  name: 'dh-secp256k1',
  operation: 'derive',
  derivesChildren: false,
  parseParameters: refuseParameters,
  prepare,
  legacyKeyUse: () => [],
  keySizeBits: () => WEIERSTRASS_CURVES.secp256k1.fieldBits,
  encodeSpki: (publicKey) => encodeSubjectPublicKeyInfo(EC_PUBLIC_KEY, CURVE_PARAMETERS, publicKey),
  maxSignatureBytes: () => OUTPUT_BYTES,
  engines,
};

/** `deterministic` may have either value: there is no other way. */
function prepare(payload: Payload, options: SigningOptions): Prepared {
  const unused = findUnusedOption(options, ['domain', 'deterministic']);
  if (unused !== undefined) return { ok: false, reason: unused };
  if (payload.kind !== 'message' || payload.digest !== undefined) {
    return { ok: false, reason: 'Diffie-Hellman derives from a seed: give it as a message, without a hash' };
  }
  const { domain } = options;
  if (domain === undefined || domain.length === 0 || domain.length > MAX_DOMAIN_BYTES) {
    return { ok: false, reason: `Diffie-Hellman needs a domain of 1 to ${MAX_DOMAIN_BYTES} bytes` };
  }
  if (payload.bytes.length > MAX_SEED_BYTES) {
    return { ok: false, reason: `a seed has at most ${MAX_SEED_BYTES} bytes, not ${payload.bytes.length}` };
  }
  return { ok: true, value: { scheme: writeDhScheme(domain), bytes: payload.bytes, legacy: [] } };
}
