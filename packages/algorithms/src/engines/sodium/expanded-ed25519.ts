/**
 * Ed25519 with private keys that aren't seeds: children by path (design of `child-derivation.ts`), whose scalars come from
 * additions and have no seed that would hash to them. All operations on secrets are libsodium's, in constant time and in
 * locked memory.
 *
 * An expanded private key is `scalar || prefix`, 32 bytes each: the scalar little-endian, below L and not zero; the prefix
 * what RFC 8032 hashes nonces from. Its key parameters are `{ form: 'expanded' }`. A verifier sees no difference.
 */
import sodium from 'sodium-native';
import type { KeyParameters } from '../../algorithm.ts';
import {
  assertChildPath,
  CHAIN_CODE_BYTES,
  noSuchChild,
  STEP_BYTES,
  writeDerivationStep,
  writeMasterChainCode,
} from '../../child-derivation.ts';
import { EngineFailure, type KeyMaterial, type SigningKey } from '../../engine.ts';
import { assertSchemeMembers } from '../../scheme-members.ts';
import { writeSecretHmacSha512, writeSha512 } from '../../secret-hash.ts';
import { allocateSecret, copySecret, freeSecret } from '../../secret-memory.ts';
import type { MultiplyScalar } from './multiply-scalar.ts';

const SEED_BYTES = 32;
const SCALAR_BYTES = 32;
const PREFIX_BYTES = 32;
const EXPANDED_BYTES = SCALAR_BYTES + PREFIX_BYTES;
const PUBLIC_KEY_BYTES = 32;
const WIDE_BYTES = 64;
const SIGNATURE_BYTES = 64;

const EXPANDED: KeyParameters = { form: 'expanded' };
const PREFIX_LABEL = Buffer.from('countersign/ed25519-child-prefix/v1');

/** Whether a private key is expanded rather than a seed. @throws EngineFailure `invalid_key` for other parameters */
export function isExpanded(parameters: KeyParameters): boolean {
  const { form, ...others } = parameters;
  if (Object.keys(others).length === 0) {
    if (form === undefined) return false;
    if (form === EXPANDED['form']) return true;
  }
  throw new EngineFailure('invalid_key', 'the parameters of this Ed25519 key are unknown');
}

/**
 * A child as an expanded key of its own.
 *
 * One step: I = HMAC-SHA512(chain code, A || ser32(index)). Scalar: the parent's plus the left half of I, little-endian,
 * modulo L; so everybody who knows A and the chain code finds the child's public key. Chain code: the right half. Prefix:
 * the left half of HMAC-SHA512(the parent's prefix, label || I), so that it's as secret as the parent's and another for
 * every child.
 *
 * The first chain code is the tagged hash of the private key as it is stored, a seed or an expanded key.
 *
 * @throws EngineFailure `invalid_key`, `invalid_scheme` for a path that leads nowhere
 */
export function deriveEd25519Child(
  privateKey: Uint8Array,
  parameters: KeyParameters,
  path: readonly number[],
): KeyMaterial {
  assertChildPath(path);
  const expanded = isExpanded(parameters) ? copyExpanded(privateKey) : expandSeed(privateKey);
  const scalar = expanded.subarray(0, SCALAR_BYTES);
  const prefix = expanded.subarray(SCALAR_BYTES);
  const chainCode = allocateSecret(CHAIN_CODE_BYTES);
  const step = allocateSecret(STEP_BYTES);
  const wide = allocateSecret(WIDE_BYTES);
  const tweak = allocateSecret(SCALAR_BYTES);
  const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
  let isDone = false;
  try {
    writeMasterChainCode(chainCode, privateKey);
    writePublicKey(publicKey, scalar);
    for (const index of path) {
      writeDerivationStep(step, chainCode, publicKey, index);
      wide.fill(0);
      wide.set(step.subarray(0, SCALAR_BYTES));
      sodium.crypto_core_ed25519_scalar_reduce(tweak, wide);
      sodium.crypto_core_ed25519_scalar_add(scalar, scalar, tweak);
      if (sodium.sodium_is_zero(scalar, SCALAR_BYTES)) throw noSuchChild();
      writeSecretHmacSha512(wide, prefix, [PREFIX_LABEL, step]);
      prefix.set(wide.subarray(0, PREFIX_BYTES));
      chainCode.set(step.subarray(SCALAR_BYTES));
      writePublicKey(publicKey, scalar);
    }
    isDone = true;
    return { privateKey: expanded, publicKey, parameters: EXPANDED };
  } finally {
    if (!isDone) freeSecret(expanded);
    for (const secret of [chainCode, step, wide, tweak]) freeSecret(secret);
  }
}

export type LoadExpandedKey = (privateKey: Uint8Array) => SigningKey;

/** Once per process and engine. The function throws EngineFailure `invalid_key` for anything but an expanded key. */
export function createExpandedKeys(multiply: MultiplyScalar): LoadExpandedKey {
  // One of each: signing is synchronous, so that no two signatures share them, and locked memory costs mappings.
  const state = allocateSecret(sodium.crypto_hash_sha512_STATEBYTES);
  const wide = allocateSecret(WIDE_BYTES);
  const nonce = allocateSecret(SCALAR_BYTES);
  const response = allocateSecret(SCALAR_BYTES);
  const challenge = Buffer.alloc(SCALAR_BYTES);
  const noncePoint = Buffer.alloc(PUBLIC_KEY_BYTES);

  return (privateKey) => {
    const expanded = copyExpanded(privateKey);
    const scalar = expanded.subarray(0, SCALAR_BYTES);
    const prefix = expanded.subarray(SCALAR_BYTES);
    // From the private key and nothing else: a public half from outside, in the hash of every signature, would give the
    // private key away by two signatures of one message.
    const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
    writePublicKey(publicKey, scalar);
    let destroyed = false;

    // RFC 8032, section 5.1.6, but for A in the hash of the nonce: two keys never share one, whatever their prefixes.
    const sign = (payload: Uint8Array, out: Uint8Array): number => {
      if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
      if (out.length < SIGNATURE_BYTES) throw new EngineFailure('engine_error', 'no room for a signature of 64 bytes');
      writeSha512(state, wide, prefix, publicKey, payload);
      sodium.crypto_core_ed25519_scalar_reduce(nonce, wide);
      writePublicKey(noncePoint, nonce);
      writeSha512(state, wide, noncePoint, publicKey, payload);
      sodium.crypto_core_ed25519_scalar_reduce(challenge, wide);
      multiply(response, challenge, scalar);
      sodium.crypto_core_ed25519_scalar_add(response, response, nonce);
      nonce.fill(0);
      out.set(noncePoint);
      out.set(response, PUBLIC_KEY_BYTES);
      return SIGNATURE_BYTES;
    };
    return {
      publicKey,
      signer: (scheme) => {
        assertSchemeMembers(scheme, []);
        if (destroyed) throw new EngineFailure('engine_error', 'the key was destroyed');
        return sign;
      },
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        freeSecret(expanded);
      },
    };
  };
}

/** RFC 8032, section 5.1.5, steps 1 to 3; the scalar modulo L, which gives the same point. */
function expandSeed(seed: Uint8Array): Buffer {
  if (seed.length !== SEED_BYTES)
    throw new EngineFailure('invalid_key', 'an Ed25519 private key is a seed of 32 bytes');
  const expanded = allocateSecret(EXPANDED_BYTES);
  const wide = allocateSecret(WIDE_BYTES);
  sodium.crypto_hash_sha512(expanded, seed as Buffer);
  wide.set(expanded.subarray(0, SCALAR_BYTES));
  wide[0] = (wide[0] ?? 0) & 0xf8;
  wide[31] = ((wide[31] ?? 0) & 0x7f) | 0x40;
  sodium.crypto_core_ed25519_scalar_reduce(expanded.subarray(0, SCALAR_BYTES), wide);
  freeSecret(wide);
  return expanded;
}

function copyExpanded(privateKey: Uint8Array): Buffer {
  if (privateKey.length !== EXPANDED_BYTES) {
    throw new EngineFailure('invalid_key', 'an expanded Ed25519 private key has 64 bytes');
  }
  const expanded = copySecret(privateKey);
  const scalar = expanded.subarray(0, SCALAR_BYTES);
  const wide = allocateSecret(WIDE_BYTES);
  const reduced = allocateSecret(SCALAR_BYTES);
  wide.set(scalar);
  sodium.crypto_core_ed25519_scalar_reduce(reduced, wide);
  const isScalar = sodium.sodium_memcmp(reduced, scalar) && !sodium.sodium_is_zero(scalar, SCALAR_BYTES);
  freeSecret(wide);
  freeSecret(reduced);
  if (isScalar) return expanded;
  freeSecret(expanded);
  throw new EngineFailure('invalid_key', 'the private key is out of range');
}

/** scalar * B. A zero nonce has a chance of 2^-252. */
function writePublicKey(out: Buffer, scalar: Buffer): void {
  try {
    sodium.crypto_scalarmult_ed25519_base_noclamp(out, scalar);
  } catch {
    throw new EngineFailure('engine_error', 'no signature could be made');
  }
}
