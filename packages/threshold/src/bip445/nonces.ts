import type { Point } from '../group.ts';
import { decodeExtended, encodeExtended } from '../secp256k1/extended-encoding.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { InvalidContribution } from './signing-errors.ts';

const POINT_BYTES = 33;
export const PUBLIC_NONCE_BYTES = 2 * POINT_BYTES;

/** One signer's two nonce points, decoded once. */
export interface PublicNonce {
  readonly first: Point;
  readonly second: Point;
}

/** The sums of all signers' nonce points; either may be the identity. */
export interface AggregateNonce extends PublicNonce {
  /** 66 bytes. */
  readonly encoded: Uint8Array;
}

/** 66 bytes. */
export function encodePublicNonce(group: Secp256k1Group, nonce: PublicNonce): Uint8Array {
  const encoded = new Uint8Array(PUBLIC_NONCE_BYTES);
  encoded.set(group.encode(nonce.first));
  encoded.set(group.encode(nonce.second), POINT_BYTES);
  return encoded;
}

/** Undefined for what no honest signer sends. */
export function decodePublicNonce(group: Secp256k1Group, encoded: Uint8Array): PublicNonce | undefined {
  if (encoded.length !== PUBLIC_NONCE_BYTES) return undefined;
  const first = group.decode(encoded.subarray(0, POINT_BYTES));
  if (first === undefined) return undefined;
  const second = group.decode(encoded.subarray(POINT_BYTES));
  return second === undefined ? undefined : { first, second };
}

export function aggregateNonces(group: Secp256k1Group, nonces: readonly PublicNonce[]): AggregateNonce {
  const first = group.add(nonces.map((nonce) => nonce.first));
  const second = group.add(nonces.map((nonce) => nonce.second));
  const encoded = new Uint8Array(PUBLIC_NONCE_BYTES);
  encoded.set(encodeExtended(group, first));
  encoded.set(encodeExtended(group, second), POINT_BYTES);
  return { first, second, encoded };
}

/** @throws InvalidContribution of nobody in particular: whoever aggregated is to blame */
export function decodeAggregateNonce(group: Secp256k1Group, encoded: Uint8Array): AggregateNonce {
  const first = decodeExtended(group, encoded.subarray(0, POINT_BYTES));
  const second = decodeExtended(group, encoded.subarray(POINT_BYTES));
  if (first === undefined || second === undefined) throw new InvalidContribution(undefined, 'aggregate nonce');
  return { first, second, encoded: Uint8Array.from(encoded) };
}

/**
 * BIP 445, `NonceAgg`, from the encodings that the signers sent.
 * @throws InvalidContribution naming the first signer whose nonce is none
 */
export function nonceAgg(group: Secp256k1Group, encodedNonces: readonly Uint8Array[]): AggregateNonce {
  return aggregateNonces(group, decodePublicNonces(group, encodedNonces));
}

/** @throws InvalidContribution naming the first signer whose nonce is none */
export function decodePublicNonces(
  group: Secp256k1Group,
  encodedNonces: readonly Uint8Array[],
): readonly PublicNonce[] {
  return encodedNonces.map((encoded, signer) => {
    const nonce = decodePublicNonce(group, encoded);
    if (nonce === undefined) throw new InvalidContribution(signer, 'public nonce');
    return nonce;
  });
}
