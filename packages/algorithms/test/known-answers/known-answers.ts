/**
 * Which algorithm has which known answers: one line per algorithm. The generic suite fails a registered algorithm
 * that has no line here, or a line without a case.
 */
import { bip340KnownAnswers } from './bip340.ts';
import { dhSecp256k1KnownAnswers } from './dh-secp256k1.ts';
import { ecdsaKnownAnswers } from './ecdsa.ts';
import { ecdsaSecp256k1KnownAnswers } from './ecdsa-secp256k1.ts';
import { ecdsaStarkKnownAnswers } from './ecdsa-stark.ts';
import { ed448KnownAnswers } from './ed448.ts';
import { ed25519KnownAnswers } from './ed25519.ts';
import type { KnownAnswers } from './known-answer.ts';
import { mlDsaKnownAnswers } from './ml-dsa.ts';
import { rsaKnownAnswers } from './rsa.ts';

export const KNOWN_ANSWERS: Readonly<Record<string, () => KnownAnswers>> = {
  bip340: bip340KnownAnswers,
  'ecdsa-p192': ecdsaKnownAnswers('ecdsa-p192', 'A.2.3'),
  'ecdsa-p224': ecdsaKnownAnswers('ecdsa-p224', 'A.2.4'),
  'ecdsa-p256': ecdsaKnownAnswers('ecdsa-p256', 'A.2.5'),
  'ecdsa-p384': ecdsaKnownAnswers('ecdsa-p384', 'A.2.6'),
  'ecdsa-p521': ecdsaKnownAnswers('ecdsa-p521', 'A.2.7'),
  'ecdsa-secp192k1': ecdsaKnownAnswers('ecdsa-secp192k1', undefined),
  'ecdsa-secp224k1': ecdsaKnownAnswers('ecdsa-secp224k1', undefined),
  'ecdsa-secp256k1': ecdsaSecp256k1KnownAnswers,
  'ecdsa-stark': ecdsaStarkKnownAnswers,
  'dh-secp256k1': dhSecp256k1KnownAnswers,
  ed25519: ed25519KnownAnswers,
  ed448: ed448KnownAnswers,
  'ml-dsa-44': mlDsaKnownAnswers('ml-dsa-44'),
  'ml-dsa-65': mlDsaKnownAnswers('ml-dsa-65'),
  'ml-dsa-87': mlDsaKnownAnswers('ml-dsa-87'),
  rsa: rsaKnownAnswers,
};
