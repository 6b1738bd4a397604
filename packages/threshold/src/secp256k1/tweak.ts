/** A public scalar whose multiple of G is added to a key. */
export interface Tweak {
  /** 32 bytes. */
  readonly value: Uint8Array;
  /** Added to the point with even y (BIP341), rather than to the point itself (BIP32). */
  readonly isXOnly: boolean;
}
