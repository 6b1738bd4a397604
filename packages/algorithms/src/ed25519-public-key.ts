/** Loads native code: for the sealed processes. */
import sodium from 'sodium-native';
import { EngineFailure } from './engine.ts';

const PUBLIC_KEY_BYTES = 32;

/**
 * Accepts a canonical encoding of a point of the prime-order subgroup, which every public key of RFC 8032 is, and
 * nothing else: small-order keys would make signatures that verify for every message.
 * @throws EngineFailure `invalid_key`
 */
export function assertEd25519PublicKey(publicKey: Uint8Array): void {
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new EngineFailure('invalid_key', 'an Ed25519 public key has 32 bytes');
  }
  try {
    // The conversion to X25519 is not wanted; it is the one function of sodium-native that checks the point. It reads y
    // modulo the prime p, where RFC 8032, section 5.1.3, refuses y of p and above; that needs no check of its own,
    // because none of the 19 values of y that can be written in two ways belongs to a point of prime order.
    sodium.crypto_sign_ed25519_pk_to_curve25519(Buffer.alloc(PUBLIC_KEY_BYTES), publicKey as Buffer);
  } catch {
    throw notAPoint();
  }
}

function notAPoint(): EngineFailure {
  return new EngineFailure('invalid_key', 'not a point of the prime-order subgroup of edwards25519');
}
