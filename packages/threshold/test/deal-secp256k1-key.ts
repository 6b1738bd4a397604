import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { SignersContext } from '../src/bip445/signers.ts';

const { Fn, BASE } = secp256k1.Point;

export interface DealtKey {
  readonly participants: number;
  readonly threshold: number;
  readonly thresholdPublicKey: Uint8Array;
  readonly secretShares: readonly Uint8Array[];
  readonly publicShares: readonly Uint8Array[];
  /** What the signers with these identifiers agree on. */
  readonly contextOf: (ids: readonly number[]) => SignersContext;
}

/** A key that was whole once, dealt by Shamir's scheme with the arithmetic of @noble/curves. For tests only. */
export function dealSecp256k1Key(participants: number, threshold: number): DealtKey {
  const coefficients = Array.from({ length: threshold }, () => Fn.fromBytes(secp256k1.utils.randomSecretKey()));
  const secrets = Array.from({ length: participants }, (_, id) =>
    coefficients.reduceRight((value, coefficient) => Fn.create(value * BigInt(id + 1) + coefficient), 0n),
  );
  const publicShares = secrets.map((secret) => BASE.multiply(secret).toBytes());
  const thresholdPublicKey = BASE.multiply(coefficients[0] ?? 0n).toBytes();
  return {
    participants,
    threshold,
    thresholdPublicKey,
    secretShares: secrets.map((secret) => Fn.toBytes(secret)),
    publicShares,
    contextOf: (ids) => ({
      participants,
      threshold,
      ids,
      publicShares: ids.map((id) => publicShares[id] ?? new Uint8Array(0)),
      thresholdPublicKey,
    }),
  };
}
