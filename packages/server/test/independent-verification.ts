/** For tests: signatures checked by libraries that have no part in making them. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { verify as verifyStark } from '@scure/starknet';
import { bytesToHex, type Hex, hexToBytes } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';

/** As this wire writes it; `r` and `s` with `0x`. */
export interface WireSignature {
  readonly r: string;
  readonly s: string;
  readonly recid?: number | undefined;
  readonly encoded?: string | undefined;
}

/** @param publicKey hexadecimal without `0x`, as keys are shown */
export type IndependentVerifier = (publicKey: string, signature: WireSignature, signed: Uint8Array) => boolean;

export function compactOf({ r, s }: WireSignature): Uint8Array {
  if (!/^0x[0-9a-f]{64}$/.test(r) || !/^0x[0-9a-f]{64}$/.test(s))
    throw new Error(`not two halves of 32 bytes: ${r}, ${s}`);
  return Buffer.from(r.slice(2) + s.slice(2), 'hex');
}

/** Over a digest; the recovery id must lead back to the key, and S be low. */
export const verifiesEcdsa: IndependentVerifier = (publicKey, signature, digest) => {
  const compact = compactOf(signature);
  if (signature.recid === undefined) return false;
  const recovered = secp256k1.Signature.fromBytes(compact, 'compact')
    .addRecoveryBit(signature.recid)
    .recoverPublicKey(digest)
    .toHex(true);
  const isValid = secp256k1.verify(compact, digest, Buffer.from(publicKey, 'hex'), { prehash: false, lowS: true });
  return isValid && recovered === publicKey;
};

/** Over a number below 2^251. */
export const verifiesStark: IndependentVerifier = (publicKey, signature, digest) =>
  verifyStark(Buffer.from(compactOf(signature)).toString('hex'), Buffer.from(digest).toString('hex'), publicKey);

export const verifiesEd25519: IndependentVerifier = (publicKey, signature, message) =>
  ed25519.verify(compactOf(signature), message, Buffer.from(publicKey, 'hex'), { zip215: false });

/** BIP340 under the output key of BIP341: the key tweaked by the hash of itself and the merkle root, empty or 32 bytes. */
export function verifiesTaproot(merkleRoot: Uint8Array): IndependentVerifier {
  return (publicKey, signature, message) => {
    const internal = Buffer.from(publicKey, 'hex');
    const tweak = BigInt(bytesToHex(schnorr.utils.taggedHash('TapTweak', internal, merkleRoot)));
    const output = schnorr.utils.lift_x(BigInt(`0x${publicKey}`)).add(secp256k1.Point.BASE.multiply(tweak));
    return schnorr.verify(compactOf(signature), message, schnorr.utils.pointToBytes(output));
  };
}

/** The address of a compressed key without `0x`. */
export function addressOfKey(publicKey: string): Hex {
  return publicKeyToAddress(`0x${secp256k1.Point.fromHex(publicKey).toHex(false)}`);
}

export function bytesOf(text: string): Uint8Array {
  return hexToBytes(text as Hex);
}
