import { DomainError } from '../domain-error.ts';
import type { KeyRecord } from '../key-record.ts';
import { holdsOnKey } from '../policy/key-access.ts';
import type { KeyStore } from '../ports/directory.ts';
import type { Caller, Permission } from '../principal.ts';
import { resolveKeys } from '../resolve-keys.ts';
import type { KeyReference } from '../signing-item.ts';

/** @throws DomainError `not_found` for unknown and for invisible keys alike */
export async function findKey(keys: KeyStore, caller: Caller, reference: KeyReference): Promise<KeyRecord> {
  const [key] = await resolveKeys(keys, caller.principal.accountId, caller.principal, [reference]);
  if (key === undefined) throw new DomainError('not_found', 'no such key', { subject: 'key' });
  return key;
}

/** @throws DomainError `forbidden`; `mayNot` completes "the caller may not" */
export function requireOnKey(caller: Caller, permission: Permission, key: KeyRecord, mayNot: string): void {
  if (!holdsOnKey(caller.principal, permission, key))
    throw new DomainError('forbidden', `the caller may not ${mayNot}`);
}

/** A change found another version of the key than the one that was judged. */
export function changedMeanwhile(): DomainError {
  return new DomainError('conflict', 'the key was changed or deleted meanwhile; read it again');
}
