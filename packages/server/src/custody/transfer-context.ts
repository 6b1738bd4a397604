/**
 * What binds a private key under HPKE (RFC 9180) to its purpose: `info` says which way it goes, the associated data whose
 * it is. Both ends make the same bytes; the associated data is JSON without spaces, members in the order given here.
 */
import type { AccountId, KeyId } from '@countersign/core/ids';

export interface TransferContext {
  readonly info: Uint8Array;
  readonly associatedData: Uint8Array;
}

const IMPORT_INFO = utf8('countersign/hpke/v1 import');
const EXPORT_INFO = utf8('countersign/hpke/v1 export');

/** For a key that comes in: it can be taken into no other account, and as no other algorithm's. */
export function importContext(accountId: AccountId, algorithm: string): TransferContext {
  return { info: IMPORT_INFO, associatedData: utf8(JSON.stringify({ account: accountId, algorithm })) };
}

/** For a key that goes out. */
export function exportContext(accountId: AccountId, keyId: KeyId): TransferContext {
  return { info: EXPORT_INFO, associatedData: utf8(JSON.stringify({ account: accountId, key: keyId })) };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
