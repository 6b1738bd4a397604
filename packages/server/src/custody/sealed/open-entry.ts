import { freeSecret } from '@countersign/algorithms/secret-memory';
import { idBytes } from '@countersign/core/ids';
import { canonicalParameters } from '../canonical-parameters.ts';
import type { KeyEntry } from '../messages/key-entry.ts';
import { type OpenedKey, openKey } from './wrapping.ts';

/** Fixed here, not taken from a request: what these processes seal and open is the vault's. */
export const VAULT = 'vault';

/**
 * Opens the sealed key of an entry. Undefined: it doesn't open, isn't the vault's, or isn't the key that the entry says;
 * what the entry says is then not to be believed. The caller frees the private key.
 */
export function openEntry(rootKey: Buffer, entry: KeyEntry): OpenedKey | undefined {
  const opened = openKey(rootKey, entry.sealed);
  if (opened === undefined) return undefined;
  const { terms, privateKey } = opened;
  const isExpected =
    entry.keyId.equals(idBytes(terms.keyId)) &&
    entry.accountId.equals(idBytes(terms.accountId)) &&
    entry.algorithm === terms.algorithm &&
    entry.parameters.equals(canonicalParameters(terms.parameters)) &&
    entry.publicKey.equals(terms.publicKey) &&
    terms.custody === VAULT;
  if (isExpected) return opened;
  freeSecret(privateKey);
  return undefined;
}
