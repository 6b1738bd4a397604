import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import { parsePublicIdentity } from '@countersign/threshold/exchange/identity';
import type { Point, PrimeOrderGroup } from '@countersign/threshold/group';
import { lagrangeCoefficient } from '@countersign/threshold/lagrange-coefficient';

/**
 * Whether what is said of a key can be true: a quorum of different servers, and public shares on one polynomial of the
 * threshold's degree, whose value at 0 is the key. Nobody has vouched for facts that come from a backup.
 */
export function areCoherent(group: PrimeOrderGroup, facts: ThresholdFacts): boolean {
  const { threshold, parties } = facts;
  if (parties.length < 2 || threshold < 1 || threshold > parties.length) return false;
  if (parties.some(({ identity, channelKey }) => parsePublicIdentity(identity, channelKey) === undefined)) return false;
  if (new Set(parties.map(({ identity }) => Buffer.from(identity).toString('hex'))).size !== parties.length)
    return false;
  if (parties.some(({ index }, place) => index !== place)) return false;
  const key = group.decode(facts.groupKey);
  const shares = parties.map(({ publicShare }) => group.decode(publicShare));
  if (key === undefined || !shares.every((share) => share !== undefined)) return false;
  // With the key, all but one of a quorum fix the polynomial; each of the others has to lie on it.
  const fixed = [...shares.keys()].slice(0, threshold - 1);
  return [...shares.keys()]
    .slice(threshold - 1)
    .every((last) => group.equals(valueAtZero(group, shares, [...fixed, last]), key));
}

function valueAtZero(group: PrimeOrderGroup, shares: readonly Point[], indexes: readonly number[]): Point {
  const identifiers = indexes.map((index) => index + 1);
  return group.add(
    indexes.map((index) => {
      const share = shares[index];
      if (share === undefined) throw new RangeError('no such share');
      return group.multiplyPublic(share, lagrangeCoefficient(group, identifiers, index + 1));
    }),
  );
}
