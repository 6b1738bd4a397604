import { randomBytes } from 'node:crypto';
import type { Ed25519Group } from '../../src/ed25519/ed25519-group.ts';
import { evaluatePolynomial } from '../../src/polynomial.ts';

export interface DealtKey {
  readonly publicKey: Uint8Array;
  readonly secretShares: readonly Uint8Array[];
  readonly publicShares: readonly Uint8Array[];
  readonly chainCode: Uint8Array;
}

/** A key by a trusted dealer (RFC 9591, appendix C): quick, for tests of signing. */
export function dealKey(group: Ed25519Group, threshold: number, holders: number): DealtKey {
  const coefficients = new Uint8Array(32 * threshold);
  for (let i = 0; i < threshold; i += 1) group.reduce(coefficients.subarray(32 * i, 32 * (i + 1)), randomBytes(64));
  const secretShares = Array.from({ length: holders }, (_, i) => {
    const share = new Uint8Array(32);
    evaluatePolynomial(group, share, coefficients, i + 1);
    return share;
  });
  return {
    publicKey: group.encode(group.multiplyBase(coefficients.subarray(0, 32))),
    secretShares,
    publicShares: secretShares.map((share) => group.encode(group.multiplyBase(share))),
    chainCode: randomBytes(32),
  };
}
