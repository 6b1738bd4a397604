import type { KeyOperation } from '@countersign/core/key-record';

/**
 * DSM's key operations, with ours beside them. The others are stored and read back, since clients rely on that, and
 * give a key nothing: HIGHVOLUME hides a key from DSM's own log call at most, never from the Merkle log.
 */
export const KEY_OPS: ReadonlyMap<string, KeyOperation | undefined> = new Map<string, KeyOperation | undefined>([
  ['SIGN', 'sign'],
  ['VERIFY', 'verify'],
  ['EXPORT', 'export'],
  ['ENCRYPT', undefined],
  ['DECRYPT', undefined],
  ['WRAPKEY', undefined],
  ['UNWRAPKEY', undefined],
  ['DERIVEKEY', undefined],
  ['TRANSFORM', undefined],
  ['MACGENERATE', undefined],
  ['MACVERIFY', undefined],
  ['APPMANAGEABLE', undefined],
  ['HIGHVOLUME', undefined],
  ['AGREEKEY', undefined],
  ['ENCAPSULATE', undefined],
  ['DECAPSULATE', undefined],
]);

/** The operations that mean something to the core, in its words. */
export function operationsOf(keyOps: readonly string[]): readonly KeyOperation[] {
  return keyOps.map((word) => KEY_OPS.get(word)).filter((operation) => operation !== undefined);
}
