import type { Scheme } from '@countersign/algorithms/algorithm';
import { parseDerivationPath } from '@countersign/algorithms/derivation-path';

/** Path and merkle root of a prepared scheme, as the party process takes them. */
export function schemeDerivation(scheme: Scheme): {
  readonly path: readonly number[];
  readonly merkleRoot: Uint8Array | undefined;
} {
  const root = scheme['merkleRoot'];
  return {
    path: parseDerivationPath(scheme['path']),
    merkleRoot: typeof root === 'string' ? Buffer.from(root, 'hex') : undefined,
  };
}
