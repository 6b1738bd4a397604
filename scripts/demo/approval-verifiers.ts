/** Checks of the signatures that the demo of approvals gets, by libraries that had no part in making them. */
import { createPublicKey, verify } from 'node:crypto';
import { type WeierstrassPoint, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Hex, recoverAddress } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';
import { verifyBip340 } from './noble-verifiers.ts';

/** `r` and `s` are 32 bytes each, in hexadecimal with `0x`. */
export interface WireSignature {
  readonly r: string;
  readonly s: string;
  readonly recid?: number | undefined;
  readonly encoded?: string | undefined;
}

/** RFC 8410: what stands before the 32 bytes of a key. */
const ED25519_SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** Starknet's curve, as its documentation gives the numbers. */
const STARK = {
  p: 0x800000000000011000000000000000000000000000000000000000000000001n,
  n: 0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2fn,
  h: 1n,
  a: 1n,
  b: 0x6f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89n,
  Gx: 0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfcan,
  Gy: 0x5668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1fn,
} as const;
const StarkPoint = weierstrass<bigint>(STARK);

/** By @noble/curves, low S demanded, and by viem, which recovers the address from the recovery id. */
export async function verifiesEcdsa(publicKey: string, signature: WireSignature, digest: Uint8Array): Promise<boolean> {
  const { recid } = signature;
  if (recid === undefined) return false;
  const isValid = secp256k1.verify(compactOf(signature), digest, Buffer.from(publicKey, 'hex'), {
    prehash: false,
    lowS: true,
  });
  const { r, s } = signature as { readonly r: Hex; readonly s: Hex };
  const recovered = await recoverAddress({ hash: hexOf(digest), signature: { r, s, yParity: recid } });
  return isValid && recovered === addressOf(publicKey);
}

/**
 * The equation of ECDSA, written out over a curve that is given here. The engine that signs stands on the arithmetic of
 * @noble/curves as well: what is checked apart from it is the rest.
 */
export function verifiesStark(publicKey: string, { r, s }: WireSignature, digest: Uint8Array): boolean {
  const order = StarkPoint.Fn;
  const [x, inverse] = [BigInt(r), order.inv(BigInt(s))];
  const point: WeierstrassPoint<bigint> = StarkPoint.BASE.multiplyUnsafe(order.mul(BigInt(hexOf(digest)), inverse)).add(
    StarkPoint.fromHex(publicKey).multiplyUnsafe(order.mul(x, inverse)),
  );
  return order.create(point.toAffine().x) === x;
}

/** By @noble/curves and by OpenSSL: both have to agree. */
export function verifiesEd25519(publicKey: string, signature: WireSignature, message: Uint8Array): boolean {
  const [key, bytes] = [Buffer.from(publicKey, 'hex'), compactOf(signature)];
  const spki = createPublicKey({ key: Buffer.concat([ED25519_SPKI_HEAD, key]), format: 'der', type: 'spki' });
  return ed25519.verify(bytes, message, key, { zip215: false }) && verify(null, message, spki, bytes);
}

/** BIP340 under the output key of BIP341. @param merkleRoot empty, or 32 bytes */
export function verifiesTaproot(
  publicKey: string,
  signature: WireSignature,
  message: Uint8Array,
  merkleRoot: Uint8Array,
): boolean {
  return verifyBip340(Buffer.from(publicKey, 'hex'), message, compactOf(signature), merkleRoot);
}

/** @param publicKey the compressed point, as keys are shown */
export function addressOf(publicKey: string): Hex {
  return publicKeyToAddress(`0x${secp256k1.Point.fromHex(publicKey).toHex(false)}`);
}

export function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function compactOf({ r, s }: WireSignature): Uint8Array {
  const halves = [r, s].map((half) => Buffer.from(half.slice(2), 'hex'));
  if (halves.some((half) => half.length !== 32)) throw new Error('not two halves of 32 bytes');
  return Buffer.concat(halves);
}
