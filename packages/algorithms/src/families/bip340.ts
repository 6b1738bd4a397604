/**
 * BIP340 Schnorr signatures on secp256k1, with the BIP341 tweak where a merkle root is given.
 *
 * The message has any length from 0 to 64 KiB (BIP340 since 2022); a digest is simply a message of its length. What
 * a digest was made with plays no part in the signature, since BIP340 has its own hash.
 */
import type { Algorithm, Prepared } from '../algorithm.ts';
import { MAX_BIP340_MESSAGE_BYTES, MERKLE_ROOT_BYTES, writeBip340Scheme } from '../bip340-scheme.ts';
import { refuseDerivationPath, writeDerivationPath } from '../derivation-path.ts';
import { findDigest } from '../digests.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import { findUnusedOption } from '../unused-options.ts';

const UNNAMED_DIGEST_BYTES = 32;
// One object for all items, since a batch holds thousands of them until its last signature is made.
const DETERMINISTIC = writeBip340Scheme(true, undefined);
const RANDOMISED = writeBip340Scheme(false, undefined);

export const bip340: Algorithm = {
  name: 'bip340',
  operation: 'sign',
  derivesChildren: true,
  parseParameters: refuseParameters,

  prepare(payload, options): Prepared {
    const unused = findUnusedOption(options, ['deterministic', 'merkleRoot', 'derivationPath']);
    if (unused !== undefined) return { ok: false, reason: unused };
    const { merkleRoot } = options;
    if (merkleRoot !== undefined && merkleRoot.length !== 0 && merkleRoot.length !== MERKLE_ROOT_BYTES) {
      return { ok: false, reason: `a merkle root is empty or has 32 bytes, not ${merkleRoot.length}` };
    }
    const badPath = refuseDerivationPath(options.derivationPath ?? []);
    if (badPath !== undefined) return { ok: false, reason: badPath };
    if (payload.kind === 'digest') {
      const expected = payload.digest === undefined ? UNNAMED_DIGEST_BYTES : findDigest(payload.digest).bytes;
      if (payload.bytes.length !== expected) {
        const name = payload.digest ?? 'BIP340';
        return { ok: false, reason: `a ${name} digest has ${expected} bytes, not ${payload.bytes.length}` };
      }
    } else if (payload.digest !== undefined) {
      // Both readings are in use: hash first, as nostr and Bitcoin do, or take the name for a habit, as with EdDSA.
      // They give different signatures, so that the caller has to say which.
      return {
        ok: false,
        reason: 'BIP340 signs the message itself: leave the hash out, or hash the message and give the digest',
      };
    }
    if (payload.bytes.length > MAX_BIP340_MESSAGE_BYTES) {
      return { ok: false, reason: `a BIP340 message has at most ${MAX_BIP340_MESSAGE_BYTES} bytes here` };
    }
    const untweaked = options.deterministic === true ? DETERMINISTIC : RANDOMISED;
    const unpathed =
      merkleRoot === undefined ? untweaked : writeBip340Scheme(options.deterministic === true, merkleRoot);
    const path = writeDerivationPath(options.derivationPath);
    const scheme = path === undefined ? unpathed : { ...unpathed, path };
    return { ok: true, value: { scheme, bytes: payload.bytes, legacy: [] } };
  },

  legacyKeyUse: () => [],
  keySizeBits: () => 256,
  /** An x-only key has no identifier and no SubjectPublicKeyInfo. */
  encodeSpki: () => undefined,
  maxSignatureBytes: () => 64,

  engines: [
    {
      name: 'libsecp256k1',
      load: () => import('../engines/libsecp256k1/bip340.ts').then((engine) => engine.loadEngine()),
    },
    {
      name: 'secp256k1-npm',
      load: () => import('../engines/secp256k1-npm/bip340.ts').then((engine) => engine.loadEngine()),
    },
  ],
};
