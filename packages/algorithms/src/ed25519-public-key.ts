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
  // RFC 8032, section 5.1.3: y below 2^255 - 19. libsodium's conversion reads y modulo the prime.
  if (!isCanonical(publicKey)) throw notAPoint();
  try {
    // The conversion to X25519 is not wanted; it is the one function of sodium-native that checks the point.
    sodium.crypto_sign_ed25519_pk_to_curve25519(Buffer.alloc(PUBLIC_KEY_BYTES), publicKey as Buffer);
  } catch {
    throw notAPoint();
  }
}

function isCanonical(publicKey: Uint8Array): boolean {
  // 2^255 - 19 is ed ff .. ff 7f in little-endian order; the top bit is the sign of x.
  if (((publicKey[31] ?? 0) & 0x7f) !== 0x7f) return true;
  for (let index = 30; index > 0; index -= 1) if (publicKey[index] !== 0xff) return true;
  return (publicKey[0] ?? 0) < 0xed;
}

function notAPoint(): EngineFailure {
  return new EngineFailure('invalid_key', 'not a point of the prime-order subgroup of edwards25519');
}
