/**
 * Which algorithm has which known answers: one line per algorithm. The generic suite fails a registered algorithm
 * that has no line here, or a line without a case.
 */
import { bip340KnownAnswers } from './bip340.ts';
import { ecdsaSecp256k1KnownAnswers } from './ecdsa-secp256k1.ts';
import { ed25519KnownAnswers } from './ed25519.ts';
import type { KnownAnswers } from './known-answer.ts';

export const KNOWN_ANSWERS: Readonly<Record<string, () => KnownAnswers>> = {
  bip340: bip340KnownAnswers,
  'ecdsa-secp256k1': ecdsaSecp256k1KnownAnswers,
  ed25519: ed25519KnownAnswers,
};
