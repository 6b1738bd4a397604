/**
 * Ed25519 by `node:crypto` (OpenSSL): half of libsodium's speed, and weaker in two ways, hence a fallback. Its key
 * objects lie in ordinary memory, and are released by the garbage collector rather than by us.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { KeyParameters } from '../../algorithm.ts';
import { readEd25519PrivateKey } from '../../ed25519-private-key.ts';
import { assertEd25519PublicKey } from '../../ed25519-public-key.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';

const SEED_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** RFC 8410, section 7: everything of the version 0 structure before the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** RFC 8410, section 4: everything of SubjectPublicKeyInfo before the key. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  return {
    description: `node:crypto of Node ${process.version} (OpenSSL ${process.versions.openssl})`,
    generate: () => {
      const seed = allocateSecret(SEED_BYTES);
      fillRandom(seed);
      return materialOf(seed);
    },
    importPrivate,
    loadPrivate,
    loadPublic,
  };
}

/** Takes over `seed`. */
function materialOf(seed: Buffer): KeyMaterial {
  return { privateKey: seed, publicKey: publicKeyOf(keyObjectOf(seed)), parameters: {} };
}

function keyObjectOf(seed: Buffer): KeyObject {
  const encoded = allocateSecret(PKCS8_PREFIX.length + SEED_BYTES);
  encoded.set(PKCS8_PREFIX);
  encoded.set(seed, PKCS8_PREFIX.length);
  try {
    return createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  } finally {
    freeSecret(encoded);
  }
}

function publicKeyOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function importPrivate(encoded: Uint8Array): KeyMaterial {
  const { seed, publicKey } = readEd25519PrivateKey(encoded);
  const privateKey = copySecret(seed);
  const material = materialOf(privateKey);
  if (publicKey !== undefined && Buffer.compare(publicKey, material.publicKey) !== 0) {
    freeSecret(privateKey);
    throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
  }
  return material;
}

function loadPrivate(privateKey: Uint8Array, _parameters: KeyParameters): SigningKey {
  if (privateKey.length !== SEED_BYTES) {
    throw new EngineFailure('invalid_key', `an Ed25519 private key is a seed of 32 bytes, not ${privateKey.length}`);
  }
  const seed = copySecret(privateKey);
  let key: KeyObject | undefined = keyObjectOf(seed);
  freeSecret(seed);
  return {
    publicKey: publicKeyOf(key),
    signer: (scheme) => {
      assertSchemeMembers(scheme, []);
      if (key === undefined) throw destroyed();
      return (payload, out) => {
        if (key === undefined) throw destroyed();
        if (out.length < SIGNATURE_BYTES) {
          throw new EngineFailure('engine_error', 'no room for a signature of 64 bytes');
        }
        out.set(sign(null, payload, key));
        return SIGNATURE_BYTES;
      };
    },
    destroy: () => {
      key = undefined;
    },
  };
}

function loadPublic(publicKey: Uint8Array, _parameters: KeyParameters): VerifyingKey {
  assertEd25519PublicKey(publicKey);
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return {
    verifier: (scheme) => {
      assertSchemeMembers(scheme, []);
      return (payload, signature) => signature.length === SIGNATURE_BYTES && verify(null, payload, key, signature);
    },
    destroy: () => {},
  };
}

function destroyed(): EngineFailure {
  return new EngineFailure('engine_error', 'the key was destroyed');
}
