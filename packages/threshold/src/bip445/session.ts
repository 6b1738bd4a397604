import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import type { AggregateNonce } from './nonces.ts';
import type { Signers } from './signers.ts';
import type { TweakedKey } from './tweaked-key.ts';

const SCALAR_BYTES = 32;

/** BIP 445, "Session Context": everything public about one signature. */
export interface SessionContext {
  readonly signers: Signers;
  /** Made of the same signers' threshold key. */
  readonly key: TweakedKey;
  readonly aggregateNonce: AggregateNonce;
  readonly message: Uint8Array;
}

/** BIP 445, `GetSessionValues`. */
export interface Session {
  readonly signers: Signers;
  readonly key: TweakedKey;
  readonly message: Uint8Array;
  /** b */
  readonly nonceCoefficient: Uint8Array;
  /** R's x coordinate, the first half of the signature. */
  readonly nonceX: Uint8Array;
  /** Whether R has an odd y coordinate: nonces are negated for the signature. */
  readonly isNonceNegated: boolean;
  /** e */
  readonly challenge: Uint8Array;
}

/** Costs one point multiplication, however many sign. */
export function openSession(group: Secp256k1Group, context: SessionContext): Session {
  const { signers, key, aggregateNonce, message } = context;
  const nonceCoefficient = hashToScalar(group, 'BIP0445/noncecoef', [
    signers.serializedIds,
    aggregateNonce.encoded,
    key.xOnly,
    message,
  ]);
  const nonce = finalNonce(group, aggregateNonce, nonceCoefficient);
  const nonceX = group.xOnly(nonce);
  return {
    signers,
    key,
    message,
    nonceCoefficient,
    nonceX,
    isNonceNegated: !group.hasEvenY(nonce),
    challenge: hashToScalar(group, 'BIP0340/challenge', [nonceX, key.xOnly, message]),
  };
}

/**
 * R. Only cheating signers make the sum the identity; the specification then goes on with G, so that they are found
 * when their partial signatures fail.
 */
function finalNonce(group: Secp256k1Group, { first, second }: AggregateNonce, coefficient: Uint8Array): Point {
  const sum = group.add([first, group.multiplyPublic(second, coefficient)]);
  return group.isIdentity(sum) ? group.generator : sum;
}

/** By the group, which keeps the state after the tag: half the price of a hash that starts anew. */
function hashToScalar(group: Secp256k1Group, tag: string, parts: readonly Uint8Array[]): Uint8Array {
  const scalar = new Uint8Array(SCALAR_BYTES);
  group.hashSecret(scalar, tag, parts);
  group.reduce(scalar, scalar);
  if (group.isZero(scalar)) throw new Error('a hash is zero modulo the order');
  return scalar;
}
