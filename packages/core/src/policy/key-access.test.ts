import { describe, expect, it } from 'vitest';
import { keyOf, principalWith } from '../../test/recording-ports.ts';
import { newId } from '../ids.ts';
import { type Grant, PERMISSIONS, type Permission, type Principal } from '../principal.ts';
import { canSeeKey, holdsOnKey } from './key-access.ts';

const everything: Grant = {
  scope: { kind: 'account' },
  permissions: PERMISSIONS.filter((permission) => permission !== 'administer'),
};
const administer: Grant = { scope: { kind: 'account' }, permissions: ['administer'] };

function somebody(...grants: readonly Grant[]): Principal {
  return { ...principalWith(grants), id: newId(), kind: 'user' };
}

const held = (principal: Principal, key: ReturnType<typeof keyOf>): readonly string[] =>
  PERMISSIONS.filter((permission) => holdsOnKey(principal, permission, key));

describe('a key that is delegated', () => {
  const owner = somebody();
  const key = keyOf({ delegatedTo: owner.id });

  it('is used by its person without any grant', () => {
    expect(held(owner, key)).toEqual(['sign', 'verify', 'derive', 'read-key', 'read-requests']);
    expect(canSeeKey(owner, key)).toBe(true);
  });

  it('gives its person nothing beyond use that a grant does not give', () => {
    const manager = {
      ...owner,
      grants: [{ scope: { kind: 'key', keyId: key.id }, permissions: ['manage-key'] }],
    } as const;
    expect(held(manager, key)).toContain('manage-key');
    expect(held(manager, key)).not.toContain('export-key');
  });

  it('is out of reach of a token of its person that does not allow what it is used for', () => {
    const throughToken = (...narrowedTo: readonly Permission[]) => ({ ...owner, narrowedTo: new Set(narrowedTo) });
    expect(held(throughToken('read-policies'), key)).toEqual([]);
    expect(canSeeKey(throughToken('read-policies'), key)).toBe(false);
    expect(held(throughToken('read-requests', 'export-key'), key)).toEqual(['read-requests']);
    expect(canSeeKey(throughToken('read-requests'), key)).toBe(true);
    expect(held(throughToken('sign'), key)).toEqual(['sign']);
  });

  it('is nothing to all others, whatever they hold', () => {
    const ofKey: Grant = { scope: { kind: 'key', keyId: key.id }, permissions: everything.permissions };
    for (const other of [somebody(), somebody(everything), somebody(ofKey)]) {
      expect(held(other, key)).toEqual([]);
      expect(canSeeKey(other, key)).toBe(false);
    }
  });

  it('can be read and deleted by administrators, and not used', () => {
    const administrator = somebody(administer, everything);
    expect(held(administrator, key)).toEqual(['read-key', 'delete-key', 'read-requests']);
    expect(canSeeKey(administrator, key)).toBe(true);
  });
});

describe('any other key', () => {
  it('is used by those who hold a grant', () => {
    const key = keyOf();
    expect(held(somebody(), key)).toEqual([]);
    expect(canSeeKey(somebody(), key)).toBe(false);
    expect(held(somebody(administer), key)).toEqual([...PERMISSIONS]);
    const signer = somebody({ scope: { kind: 'group', groupId: key.groupId }, permissions: ['sign'] });
    expect(held(signer, key)).toEqual(['sign']);
    expect(canSeeKey(signer, key)).toBe(true);
  });
});
