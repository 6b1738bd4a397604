import { taggedHash } from '@countersign/algorithms/tagged-hash';
import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import { bipDkgTag } from './bip-dkg-tag.ts';
import { IdentitySumError } from './chilldkg-errors.ts';
import type { SecretScope } from './secret-scope.ts';
import { uint32 } from './uint32.ts';

/** Commitments to the coefficients of a polynomial of degree t - 1, the constant one first; the identity may occur. */
export type VssCommitment = readonly [Point, ...Point[]];

/**
 * The t coefficients of a participant's polynomial, the constant one (its contribution to the secret key) first.
 * @param seed 32 secret bytes, never used twice
 */
export function generateCoefficients(
  group: Secp256k1Group,
  scope: SecretScope,
  seed: Uint8Array,
  threshold: number,
): readonly Uint8Array[] {
  const coefficients = scope.allocateScalars(threshold);
  for (const [index, coefficient] of coefficients.entries()) {
    group.hashSecret(coefficient, `${bipDkgTag}vss coeffs`, [seed, uint32(index)]);
    // The specification takes the hash as it is, or fails (2^-128) rather than reduce it.
    if (!group.isScalar(coefficient)) throw new Error('a coefficient is not below the order');
  }
  return coefficients;
}

export function commitTo(group: Secp256k1Group, coefficients: readonly Uint8Array[]): VssCommitment {
  const [first, ...rest] = coefficients.map((coefficient) => group.multiplyBase(coefficient));
  if (first === undefined) throw new RangeError('a polynomial must have a coefficient');
  return [first, ...rest];
}

/** `out` = the share of this participant: the polynomial at participant + 1. */
export function evaluateShare(
  group: Secp256k1Group,
  out: Uint8Array,
  coefficients: readonly Uint8Array[],
  participant: number,
): void {
  const x = group.scalarOf(participant + 1);
  const [constant, ...rest] = coefficients;
  if (constant === undefined) throw new RangeError('a polynomial must have a coefficient');
  out.fill(0);
  // Horner's rule, from the highest coefficient down.
  for (const coefficient of rest.reverse()) {
    group.addScalars(out, out, coefficient);
    group.multiplyScalars(out, out, x);
  }
  group.addScalars(out, out, constant);
}

/** What the share of this participant times G must be: the commitment at participant + 1. */
export function publicShare(group: Secp256k1Group, commitment: VssCommitment, participant: number): Point {
  // At 1 the sum is all there is.
  if (participant === 0) return group.add(commitment);
  const x = group.scalarOf(participant + 1);
  return commitment.reduceRight((sum, point) => group.add([group.multiplyPublic(sum, x), point]));
}

/** A summed commitment whose key has a taproot script path that nobody can spend, and what was added. */
export interface TaprootCommitted {
  readonly commitment: VssCommitment;
  /** To be added to every share; public. */
  readonly tweak: Uint8Array;
  /** tweak * G. */
  readonly tweakPoint: Point;
}

/**
 * Adds the tweak of BIP341 for an empty script tree to the constant commitment. Without it the participant that
 * speaks last could hide a script path of its own in the key.
 * @throws IdentitySumError when the key before the tweak is the identity
 */
export function commitToUnspendableScriptPath(group: Secp256k1Group, commitment: VssCommitment): TaprootCommitted {
  const [constant, ...rest] = commitment;
  if (group.isIdentity(constant)) throw new IdentitySumError('the threshold public key is the identity');
  const tweak = taggedHash('TapTweak', group.xOnly(constant));
  if (!group.isScalar(tweak)) throw new Error('the taproot tweak is not below the order');
  const tweakPoint = group.multiplyBasePublic(tweak);
  return { commitment: [group.add([constant, tweakPoint]), ...rest], tweak, tweakPoint };
}
