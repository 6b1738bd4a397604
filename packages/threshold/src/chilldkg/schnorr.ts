import { taggedHash } from '@countersign/algorithms/tagged-hash';
import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { withSecrets } from './secret-scope.ts';

/**
 * A Schnorr signature of BIP340 with a chosen prefix of its tags: ChillDKG signs its proofs of possession under a
 * prefix of its own, so that one can't stand for a signature of a transaction. Libraries sign under `BIP0340` only.
 *
 * @param secret 32 bytes, a scalar other than zero
 * @param auxiliaryRandom 32 bytes
 * @returns 64 bytes
 * @throws RangeError
 */
export function signSchnorr(
  group: Secp256k1Group,
  secret: Uint8Array,
  message: Uint8Array,
  auxiliaryRandom: Uint8Array,
  tagPrefix = 'BIP0340',
): Uint8Array {
  if (auxiliaryRandom.length !== 32) throw new RangeError('auxiliary randomness must be 32 bytes');
  return withSecrets(group, (scope) => {
    const secrets = scope.allocate(4 * 32);
    const d = secrets.subarray(0, 32);
    const masked = secrets.subarray(32, 64);
    const k = secrets.subarray(64, 96);
    const product = secrets.subarray(96, 128);

    const publicKey = group.multiplyBase(secret);
    const keyX = group.xOnly(publicKey);
    // Branches on the parity of a public point, not on the secret.
    if (group.hasEvenY(publicKey)) d.set(secret);
    else group.negateScalar(d, secret);

    const mask = taggedHash(`${tagPrefix}/aux`, auxiliaryRandom);
    for (let index = 0; index < 32; index += 1) masked[index] = (d[index] ?? 0) ^ (mask[index] ?? 0);
    group.hashSecret(product, `${tagPrefix}/nonce`, [masked, keyX, message]);
    group.reduce(k, product);
    if (group.isZero(k)) throw new Error('the nonce is zero');
    const nonce = group.multiplyBase(k);
    if (!group.hasEvenY(nonce)) group.negateScalar(k, k);

    const signature = new Uint8Array(64);
    const nonceX = group.xOnly(nonce);
    signature.set(nonceX);
    group.multiplyScalars(product, challenge(group, tagPrefix, nonceX, keyX, message), d);
    group.addScalars(signature.subarray(32), k, product);
    // A signature that a fault made wrong could give the secret away.
    if (!verifySchnorr(group, publicKey, message, signature, tagPrefix)) throw new Error('the signature is wrong');
    return signature;
  });
}

/**
 * Verifies what `signSchnorr` made.
 * @param publicKey a point of either parity, standing for its x coordinate; not the identity
 * @param signature 64 bytes
 */
export function verifySchnorr(
  group: Secp256k1Group,
  publicKey: Point,
  message: Uint8Array,
  signature: Uint8Array,
  tagPrefix = 'BIP0340',
): boolean {
  const nonceX = signature.subarray(0, 32);
  const s = signature.subarray(32);
  if (!group.isScalar(s)) return false;
  const factor = challenge(group, tagPrefix, nonceX, group.xOnly(publicKey), message);
  // R = sG - eP, P being the one of the two points with an even y coordinate.
  if (group.hasEvenY(publicKey)) group.negateScalar(factor, factor);
  const nonce = group.addBasePublic(group.multiplyPublic(publicKey, factor), s);
  return !group.isIdentity(nonce) && group.hasEvenY(nonce) && Buffer.compare(group.xOnly(nonce), nonceX) === 0;
}

function challenge(
  group: Secp256k1Group,
  tagPrefix: string,
  nonceX: Uint8Array,
  keyX: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const scalar = new Uint8Array(32);
  group.reduce(scalar, taggedHash(`${tagPrefix}/challenge`, nonceX, keyX, message));
  return scalar;
}
