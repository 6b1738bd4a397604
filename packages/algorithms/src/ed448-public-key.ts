/** Ed448 public keys (RFC 8032, section 5.2). */
import { EngineFailure } from './engine.ts';

/** RFC 8410, section 3: without parameters, not even NULL. */
export const ED448_OID = '1.3.101.113';
export const ED448_PRIVATE_KEY_BYTES = 57;
export const ED448_PUBLIC_KEY_BYTES = 57;
export const ED448_SIGNATURE_BYTES = 114;

/** The field's prime, and d of the curve x^2 + y^2 = 1 + d x^2 y^2. */
const P = 2n ** 448n - 2n ** 224n - 1n;
const D = P - 39081n;

/**
 * Accepts the canonical encoding of a point on edwards448 that isn't of small order: with one of those as public key,
 * signatures exist that verify for every message. OpenSSL has no function that checks it. Public keys are public:
 * arithmetic whose time depends on them is fine.
 *
 * @throws EngineFailure `invalid_key`
 */
export function assertEd448PublicKey(publicKey: Uint8Array): void {
  if (publicKey.length !== ED448_PUBLIC_KEY_BYTES) {
    throw new EngineFailure('invalid_key', 'an Ed448 public key has 57 bytes');
  }
  if (!isPoint(publicKey)) throw new EngineFailure('invalid_key', 'not a point of edwards448 that can be a public key');
}

/** Section 5.2.3, steps 1 to 3. */
function isPoint(publicKey: Uint8Array): boolean {
  const signByte = publicKey[56] ?? 0;
  const y = littleEndian(publicKey.subarray(0, 56));
  if ((signByte & 0x7f) !== 0 || y >= P) return false;
  // The four points of small order are (0, 1), (0, -1), (1, 0) and (-1, 0); x = 0 goes with y = 1 and y = -1 alone.
  if (y === 0n || y === 1n || y === P - 1n) return false;
  const yy = (y * y) % P;
  // x^2 = (1 - y^2) / (1 - d y^2); the denominator is never zero, since d isn't a square. Euler's criterion on the
  // product of both decides whether the quotient is a square.
  const product = ((1n - yy + P) * (1n - ((D * yy) % P) + P)) % P;
  return modPow(product, (P - 1n) / 2n) === 1n;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function modPow(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
