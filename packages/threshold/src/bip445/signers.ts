import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { deriveInterpolatingValue } from './interpolating-value.ts';
import { InvalidSigningInput } from './signing-errors.ts';

/** Who signs with which key (BIP 445, "Signers Context"): agreed upon before the session, the same at every signer. */
export interface SignersContext {
  /** How many hold a share. */
  readonly participants: number;
  readonly threshold: number;
  /** Participant identifiers of the signers, 0 to `participants` - 1, in any order without repetition. */
  readonly ids: readonly number[];
  /** Their public shares in the same order, 33 bytes each. */
  readonly publicShares: readonly Uint8Array[];
  /** 33 bytes. */
  readonly thresholdPublicKey: Uint8Array;
}

/** A context that was found to be consistent, with what every signature under it needs. */
export interface Signers {
  readonly ids: readonly number[];
  /** `serialize_ids`: sorted, 4 bytes each. */
  readonly serializedIds: Uint8Array;
  readonly publicShares: readonly Point[];
  readonly interpolatingValues: readonly Uint8Array[];
  readonly thresholdKey: Point;
}

/**
 * BIP 445, `ValidateSignersCtx`. Costs a point multiplication for each signer: made once for all signatures of the
 * same signers with the same key.
 * @throws InvalidSigningInput
 */
export function validateSigners(group: Secp256k1Group, context: SignersContext): Signers {
  const { participants, threshold, ids, publicShares, thresholdPublicKey } = context;
  if (threshold < 1 || threshold > participants) {
    throw new InvalidSigningInput('threshold', `threshold ${threshold} of ${participants} participants`);
  }
  if (ids.length < threshold || ids.length > participants) {
    throw new InvalidSigningInput('signer-count', `${ids.length} signers with a ${threshold}-of-${participants} key`);
  }
  if (publicShares.length !== ids.length) {
    throw new InvalidSigningInput(
      'public-share-count',
      `${publicShares.length} public shares of ${ids.length} signers`,
    );
  }
  const points = ids.map((id, position) => {
    if (!Number.isInteger(id) || id < 0 || id >= participants) {
      throw new InvalidSigningInput('identifier-range', `identifier ${id} of signer ${position} is out of range`);
    }
    const point = group.decode(publicShares[position] ?? new Uint8Array(0));
    if (point === undefined) {
      throw new InvalidSigningInput('public-share', `the public share of signer ${position} is no point`);
    }
    return point;
  });
  if (new Set(ids).size !== ids.length) {
    throw new InvalidSigningInput('duplicate-identifier', 'two signers have the same identifier');
  }

  const interpolatingValues = ids.map((id) => deriveInterpolatingValue(group, ids, id));
  const thresholdKey = group.add(
    points.map((point, position) => group.multiplyPublic(point, interpolatingValues[position] ?? new Uint8Array(0))),
  );
  if (group.isIdentity(thresholdKey) || !isSame(group.encode(thresholdKey), thresholdPublicKey)) {
    throw new InvalidSigningInput('key-material', 'the public shares are not those of the threshold public key');
  }
  return { ids, serializedIds: serializeIds(ids), publicShares: points, interpolatingValues, thresholdKey };
}

/** One signer's own half of a context. */
export interface SigningShare {
  readonly signers: Signers;
  /** Position among the signers. */
  readonly position: number;
  /** 32 bytes in locked memory that stays its owner's. */
  readonly secretShare: Uint8Array;
}

/**
 * Finds the signer to whom a secret share belongs. Costs a point multiplication: made once, like the signers.
 * @throws InvalidSigningInput
 */
export function openShare(group: Secp256k1Group, signers: Signers, id: number, secretShare: Uint8Array): SigningShare {
  if (!group.isScalar(secretShare) || group.isZero(secretShare)) {
    throw new InvalidSigningInput('share-range', 'the secret share is out of range');
  }
  const position = signers.ids.indexOf(id);
  if (position === -1) throw new InvalidSigningInput('signer-not-listed', `identifier ${id} is not among the signers`);
  const expected = signers.publicShares[position];
  if (expected === undefined || !group.equals(expected, group.multiplyBase(secretShare))) {
    throw new InvalidSigningInput('share-not-listed', `the secret share is not that of identifier ${id}`);
  }
  return { signers, position, secretShare };
}

function serializeIds(ids: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * ids.length);
  for (const [index, id] of ids.toSorted((a, b) => a - b).entries()) bytes.writeUInt32BE(id, 4 * index);
  return bytes;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
