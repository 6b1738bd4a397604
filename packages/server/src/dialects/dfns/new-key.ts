/** A key as this API makes one, with the defaults that it doesn't let anyone choose. */
import type { NewKey } from '@countersign/core/keys';
import type { KeyWords } from './key-words.ts';

/** The one store of this server for keys of this API. */
export const VAULT_STORE_ID = 'vault';

export function newKey(words: KeyWords, name: string | undefined, master: boolean): NewKey {
  return {
    name,
    description: '',
    groupId: undefined,
    algorithm: words.algorithm,
    parameters: {},
    custody: 'vault',
    persistence: 'stored',
    operations: words.scheme === 'DH' ? ['derive'] : ['sign', 'verify'],
    exportable: false,
    enabled: true,
    state: 'active',
    deterministicSignatures: undefined,
    allowSignDigest: true,
    verifyAfterSign: false,
    dialectAttributes: {},
    master,
  };
}
