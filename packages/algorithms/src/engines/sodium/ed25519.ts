/** Ed25519 by libsodium (npm `sodium-native`): constant time, deterministic, keys in locked memory. */
import { createRequire } from 'node:module';
import sodium from 'sodium-native';
import type { Scheme } from '../../algorithm.ts';
import { readEd25519PrivateKey } from '../../ed25519-private-key.ts';
import { assertEd25519PublicKey } from '../../ed25519-public-key.ts';
import { type Engine, EngineFailure, type KeyMaterial, type SigningKey, type VerifyingKey } from '../../engine.ts';
import { type FillRandom, fillFromKernel } from '../../kernel-randomness.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import { createExpandedKeys, deriveEd25519Child, isExpanded } from './expanded-ed25519.ts';
import { loadScalarMultiplication } from './multiply-scalar.ts';

const SEED_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;
/** libsodium's form: seed, then public key. */
const EXPANDED_KEY_BYTES = 64;
const SIGNATURE_BYTES = 64;

export async function loadEngine(fillRandom: FillRandom = fillFromKernel): Promise<Engine> {
  const { multiply, description } = loadScalarMultiplication();
  const loadExpandedKey = createExpandedKeys(multiply);
  return {
    description: `${describe()}; children: ${description}`,
    generate: () => {
      const seed = allocateSecret(SEED_BYTES);
      fillRandom(seed);
      return materialOf(seed);
    },
    importPrivate,
    deriveChild: deriveEd25519Child,
    loadPrivate: (privateKey, parameters) =>
      isExpanded(parameters) ? loadExpandedKey(privateKey) : loadPrivate(privateKey),
    loadPublic,
  };
}

function describe(): string {
  const { version } = createRequire(import.meta.url)('sodium-native/package.json') as { version: string };
  return `sodium-native ${version} (libsodium)`;
}

/** Takes over `seed`. */
function materialOf(seed: Buffer): KeyMaterial {
  const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
  const expanded = allocateSecret(EXPANDED_KEY_BYTES);
  sodium.crypto_sign_seed_keypair(publicKey, expanded, seed);
  freeSecret(expanded);
  return { privateKey: seed, publicKey, parameters: {} };
}

function importPrivate(encoded: Uint8Array): KeyMaterial {
  const { seed, publicKey } = readEd25519PrivateKey(encoded);
  const material = materialOf(copySecret(seed));
  if (publicKey !== undefined && Buffer.compare(publicKey, material.publicKey) !== 0) {
    freeSecret(material.privateKey as Buffer);
    throw new EngineFailure('invalid_key', "the public key in the encoding doesn't belong to the private key");
  }
  return material;
}

function loadPrivate(privateKey: Uint8Array): SigningKey {
  if (privateKey.length !== SEED_BYTES) {
    throw new EngineFailure('invalid_key', `an Ed25519 private key is a seed of 32 bytes, not ${privateKey.length}`);
  }
  const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
  // The public half that goes into the hash of every signature lies in the expanded key, made here from the seed:
  // one that came from outside would give the private key away by two signatures of one message.
  const expanded = allocateSecret(EXPANDED_KEY_BYTES);
  sodium.crypto_sign_seed_keypair(publicKey, expanded, privateKey as Buffer);

  const signature = Buffer.alloc(SIGNATURE_BYTES);
  let destroyed = false;
  const sign = (payload: Uint8Array, out: Uint8Array): number => {
    if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
    if (out.length < SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for a signature of 64 bytes');
    // libsodium wants exactly 64 bytes; copying them costs less than a view of `out` for each signature.
    sodium.crypto_sign_detached(signature, payload as Buffer, expanded);
    out.set(signature);
    return SIGNATURE_BYTES;
  };
  return {
    publicKey,
    signer: (scheme) => {
      assertEd25519Scheme(scheme);
      if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
      return sign;
    },
    destroy: () => {
      if (destroyed) return;
      destroyed = true;
      freeSecret(expanded);
    },
  };
}

function loadPublic(publicKey: Uint8Array): VerifyingKey {
  assertEd25519PublicKey(publicKey);
  const key = Buffer.from(publicKey);
  // sodium-native takes a longer signature and looks at its first 64 bytes only, hence the exact comparison.
  const verify = (payload: Uint8Array, signature: Uint8Array): boolean =>
    signature.length === SIGNATURE_BYTES &&
    sodium.crypto_sign_verify_detached(signature as Buffer, payload as Buffer, key);
  return {
    verifier: (scheme) => {
      assertEd25519Scheme(scheme);
      return verify;
    },
    destroy: () => {},
  };
}

function assertEd25519Scheme(scheme: Scheme): void {
  assertSchemeMembers(scheme, []);
}
