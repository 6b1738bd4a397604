/** Step 1 of a signature: from the callers' references to records that the caller may see. */
import type { AccountId } from './ids.ts';
import type { KeyRecord } from './key-record.ts';
import { canSeeKey } from './policy/key-access.ts';
import type { KeyStore } from './ports/directory.ts';
import type { Principal } from './principal.ts';
import type { KeyReference } from './signing-item.ts';

/**
 * Looks each distinct reference up once. In order; undefined for a key that isn't there or isn't visible, and where
 * there is no reference.
 */
export async function resolveKeys(
  keys: KeyStore,
  accountId: AccountId,
  principal: Principal,
  references: readonly (KeyReference | undefined)[],
): Promise<readonly (KeyRecord | undefined)[]> {
  const distinct: KeyReference[] = [];
  const positions = new Map<string, number>();
  const slots = references.map((reference) => {
    if (reference === undefined || reference.by === 'record') return -1;
    const index = reference.by === 'id' ? reference.id : `\0${reference.name}`;
    const known = positions.get(index);
    if (known !== undefined) return known;
    positions.set(index, distinct.length);
    return distinct.push(reference) - 1;
  });
  const found = distinct.length === 0 ? [] : await keys.resolve(accountId, distinct);
  const visible = found.map((key) => (key !== undefined && canSeeKey(principal, key) ? key : undefined));
  return references.map((reference, index) => {
    if (reference?.by === 'record') return reference.record.accountId === accountId ? reference.record : undefined;
    return visible[slots[index] ?? -1];
  });
}
