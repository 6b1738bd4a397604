import { describe, expect, it } from 'vitest';
import { type AccountId, newId } from '../ids.ts';
import { KEY_PERMISSIONS, type Permission } from '../principal.ts';
import { builtInRoleId, builtInRoles } from './built-in-roles.ts';

describe('built-in roles', () => {
  it('have ids of their own in each account, the same ones each time', () => {
    const accounts = [newId<AccountId>(), newId<AccountId>()];
    const ids = accounts.flatMap((account) => [
      builtInRoleId(account, 'administrator'),
      builtInRoleId(account, 'end-user'),
    ]);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const roles = accounts.flatMap((id) => builtInRoles({ id, createdAtMs: 5 }));
    expect(roles.map(({ id }) => id)).toEqual(ids);
  });

  it('give an end user nothing on keys, since the role is held on the whole account', () => {
    const [administrator, endUser] = builtInRoles({ id: newId(), createdAtMs: 5 });
    expect(administrator?.permissions).toEqual(['administer']);
    const onKeys: ReadonlySet<Permission> = new Set([...KEY_PERMISSIONS, 'administer']);
    expect(endUser?.permissions.filter((permission) => onKeys.has(permission))).toEqual([]);
  });
});
