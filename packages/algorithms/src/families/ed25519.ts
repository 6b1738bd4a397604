/**
 * Ed25519 (RFC 8032, section 5.1): PureEdDSA on the message itself.
 *
 * Verification follows RFC 8032, section 5.1.7, and is stricter where the RFC leaves room: S must be below the group
 * order, the public key must be a canonical encoding of a point of the prime-order subgroup, and `sodium` also
 * refuses an R of small order. A signature whose R carries a small-order component, which only the holder of the
 * private key can make, is left to the engine: libsodium multiplies by the cofactor, OpenSSL doesn't.
 */
import type { Algorithm, Prepared, Scheme } from '../algorithm.ts';
import { refuseDerivationPath, writeDerivationPath } from '../derivation-path.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import { findUnusedOption } from '../unused-options.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** RFC 8410, section 3: the identifier has no parameters, not even NULL. */
const OID = '1.3.101.112';
const NO_PARAMETERS = new Uint8Array(0);
// One object for all items, since a batch holds thousands of them until its last signature is made.
const SCHEME: Scheme = {};

export const ed25519: Algorithm = {
  name: 'ed25519',
  operation: 'sign',
  derivesChildren: true,

  parseParameters(parameters) {
    const [unknown] = Object.keys(parameters);
    if (unknown !== undefined) return { ok: false, reason: `Ed25519 keys have no parameter "${unknown}"` };
    return { ok: true, value: {} };
  },

  prepare(payload, options): Prepared {
    if (payload.kind === 'digest') return { ok: false, reason: 'Ed25519 signs messages, not digests' };
    // `payload.digest` is not looked at: clients of existing services name one by habit, and EdDSA has its own.
    // `deterministic` may have either value: Ed25519 is deterministic, and has no other way.
    const unused = findUnusedOption(options, ['deterministic', 'derivationPath']);
    if (unused !== undefined) return { ok: false, reason: unused };
    const badPath = refuseDerivationPath(options.derivationPath ?? []);
    if (badPath !== undefined) return { ok: false, reason: badPath };
    const path = writeDerivationPath(options.derivationPath);
    const scheme = path === undefined ? SCHEME : { path };
    return { ok: true, value: { scheme, bytes: payload.bytes, legacy: [] } };
  },

  legacyKeyUse: () => [],
  keySizeBits: () => 256,

  encodeSpki(publicKey) {
    if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError('an Ed25519 public key has 32 bytes');
    return encodeSubjectPublicKeyInfo(OID, NO_PARAMETERS, publicKey);
  },

  maxSignatureBytes: () => SIGNATURE_BYTES,

  engines: [
    { name: 'sodium', load: async () => (await import('../engines/sodium/ed25519.ts')).loadEngine() },
    { name: 'node-crypto', load: async () => (await import('../engines/node-crypto/ed25519.ts')).loadEngine() },
  ],
};
