import type { ThresholdAlgorithm } from '@countersign/core/threshold/threshold-keys';

/** A group of calls of one signature scheme: `/bip340/sign`, `/bip340/refresh`, `/cluster/bip340/keygen` and so on. */
export interface VertexScheme {
  /** The segment of the paths. */
  readonly word: string;
  readonly algorithm: ThresholdAlgorithm;
  /** The word for such keys in the administrator's lists. */
  readonly keyType: string;
  /** Whether BIP341 applies, so that a call may name a taproot merkle root. */
  readonly taproot: boolean;
}

/** Every scheme that is spoken. Adding one is a line here; its calls follow from `scheme-endpoints.ts`. */
export const SCHEMES: readonly VertexScheme[] = [
  { word: 'bip340', algorithm: 'bip340', keyType: 'BIP340', taproot: true },
  { word: 'ed25519', algorithm: 'ed25519', keyType: 'Ed25519', taproot: false },
];

/** The word for a key before its generation is through, spelled as published. */
export const NOT_GENERATED_KEY_TYPE = 'NotInititalizedYet';
export const KEY_TYPES: readonly string[] = [NOT_GENERATED_KEY_TYPE, 'Ecdsa', 'Ed25519', 'BIP340'];
