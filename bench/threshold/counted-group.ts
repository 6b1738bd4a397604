import type { SchemeGroup } from './schemes.ts';

/**
 * What a protocol asks of a group that costs a point multiplication. `base`: a scalar times G; `point`: a public scalar
 * times another point; `secret`: a secret scalar times another point; `verification`: of a signature, s * G - e * P in
 * one go, in the library's own function.
 */
export const MULTIPLICATIONS = ['base', 'point', 'secret', 'verification'] as const;
export type Multiplication = (typeof MULTIPLICATIONS)[number];
export type MultiplicationCounts = Readonly<Record<Multiplication, number>>;

export interface CountedGroup {
  readonly group: SchemeGroup;
  /** So far. */
  readonly counts: () => MultiplicationCounts;
}

/** The same group, which counts. */
export function countedGroup(group: SchemeGroup): CountedGroup {
  const made: Record<Multiplication, number> = { base: 0, point: 0, secret: 0, verification: 0 };
  const counting =
    <Arguments extends readonly unknown[], Value>(kind: Multiplication, operation: (...all: Arguments) => Value) =>
    (...all: Arguments): Value => {
      made[kind] += 1;
      return operation(...all);
    };
  const common = {
    multiplyBase: counting('base', group.multiplyBase),
    multiplyBasePublic: counting('base', group.multiplyBasePublic),
    multiplyPublic: counting('point', group.multiplyPublic),
    diffieHellman: counting('secret', group.diffieHellman),
  };
  return {
    group:
      group.name === 'secp256k1'
        ? {
            ...group,
            ...common,
            addBasePublic: counting('base', group.addBasePublic),
            verifySchnorr: counting('verification', group.verifySchnorr),
          }
        : {
            ...group,
            ...common,
            multiplyEncoded: counting('point', group.multiplyEncoded),
            verifySignature: counting('verification', group.verifySignature),
          },
    counts: () => ({ ...made }),
  };
}

export function countsBetween(before: MultiplicationCounts, after: MultiplicationCounts): MultiplicationCounts {
  return {
    base: after.base - before.base,
    point: after.point - before.point,
    secret: after.secret - before.secret,
    verification: after.verification - before.verification,
  };
}
