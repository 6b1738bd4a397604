/** Scheme and curve on this wire, and the algorithms that they are. Adding a pair is one line. */
import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';

export interface KeyWords {
  readonly scheme: 'DH' | 'ECDSA' | 'EdDSA' | 'Schnorr';
  readonly curve: 'ed25519' | 'secp256k1' | 'stark';
  /** Name in the registry of algorithms. */
  readonly algorithm: string;
  /** Pseudo network of wallets that are nothing but a key; undefined where there is none. */
  readonly pseudoNetwork: string | undefined;
}

export const KEY_WORDS: readonly KeyWords[] = [
  { scheme: 'ECDSA', curve: 'secp256k1', algorithm: 'ecdsa-secp256k1', pseudoNetwork: 'KeyECDSA' },
  { scheme: 'ECDSA', curve: 'stark', algorithm: 'ecdsa-stark', pseudoNetwork: 'KeyECDSAStark' },
  { scheme: 'EdDSA', curve: 'ed25519', algorithm: 'ed25519', pseudoNetwork: 'KeyEdDSA' },
  { scheme: 'Schnorr', curve: 'secp256k1', algorithm: 'bip340', pseudoNetwork: undefined },
  { scheme: 'DH', curve: 'secp256k1', algorithm: 'dh-secp256k1', pseudoNetwork: undefined },
];

export const SchemeSchema = Type.Union(['DH', 'ECDSA', 'EdDSA', 'Schnorr'].map((word) => Type.Literal(word)));
export const CurveSchema = Type.Union(['ed25519', 'secp256k1', 'stark'].map((word) => Type.Literal(word)));

/** @throws DomainError `invalid_request` for a pair that isn't one */
export function readKeyWords(scheme: string, curve: string): KeyWords {
  const words = KEY_WORDS.find((pair) => pair.scheme === scheme && pair.curve === curve);
  if (words !== undefined) return words;
  const pairs = KEY_WORDS.map((pair) => `${pair.scheme} with ${pair.curve}`).join(', ');
  throw new DomainError('invalid_request', `scheme and curve don't go together; the pairs are ${pairs}`);
}

/** Undefined for keys that this API has no words for; they aren't listed here. */
export function wordsOfAlgorithm(algorithm: string): KeyWords | undefined {
  return KEY_WORDS.find((pair) => pair.algorithm === algorithm);
}
