/** The part of the store's contract that is about roles and who holds them. */

import { builtInRoles } from '@countersign/core/identity/built-in-roles';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import { type GroupId, type KeyId, newId, type RoleId } from '@countersign/core/ids';
import type { Grant, Permission } from '@countersign/core/principal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newAssignment, newPerson, newRole } from './identity-fixtures.ts';
import { bumps } from './identity-store-contract.ts';
import type { StoreTests } from './store-contract.ts';
import { newHousehold } from './store-fixtures.ts';

const ALL = { after: undefined, limit: 1_000 };

export function describeRoles({ opened, reopened }: StoreTests): void {
  describe('roles', () => {
    it('of every account begin with the built-in ones, which nobody changes', async () => {
      const { store, home, at } = await opened();
      const second = newHousehold();
      await store.directory.insertAccount(second.account);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { identities } = await next();
        for (const { account } of [home, second]) {
          const built = builtInRoles(account);
          const page = await identities.listRoles({ ...ALL, accountId: account.id });
          expect(page.items).toEqual(built.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
          for (const role of built) {
            expect(role.immutable).toBe(true);
            expect(await identities.replaceRole({ ...role, permissions: ['administer'], version: 2 }, newId())).toBe(
              false,
            );
            expect(await identities.findRole(account.id, role.id)).toEqual(role);
          }
        }
      }
    });

    it('come back, have names of their own, and are replaced by the next version alone', async () => {
      const { store, home, at } = await opened();
      const { identities } = store;
      const by = home.administrator.id;
      const [role, other] = [newRole(home, { permissions: ['sign', 'approve'] }), newRole(home)];
      await identities.insertRole(role, by);
      await identities.insertRole(other, by);
      const taken = { code: 'conflict', subject: 'unique-name' };
      await expect(identities.insertRole(newRole(home, { name: role.name }), by)).rejects.toMatchObject(taken);
      await expect(identities.replaceRole({ ...other, name: role.name, version: 2 }, by)).rejects.toMatchObject(taken);
      const next: Role = {
        ...role,
        name: 'renamed',
        permissions: ['verify'],
        archived: true,
        updatedAtMs: 50,
        version: 2,
      };
      expect(await identities.replaceRole({ ...next, version: 3 }, by)).toBe(false);
      expect(await identities.replaceRole({ ...next, version: 1 }, by)).toBe(false);
      const results = await Promise.all([identities.replaceRole(next, by), identities.replaceRole(next, by)]);
      expect(results.sort()).toEqual([false, true]);
      expect(await identities.findRole(home.account.id, role.id)).toEqual(next);
      expect(await (await reopened(store, at)).identities.findRole(home.account.id, role.id)).toEqual(next);
    });

    it('are listed by id, page by page', async () => {
      const { store, home } = await opened();
      const roles = Array.from({ length: 5 }, () => newRole(home));
      for (const role of roles) await store.identities.insertRole(role, home.administrator.id);
      const listed: RoleId[] = [];
      for (let more = true; more; ) {
        const page = await store.identities.listRoles({ accountId: home.account.id, after: listed.at(-1), limit: 3 });
        listed.push(...page.items.map(({ id }) => id));
        more = page.more;
      }
      expect(listed).toEqual([...builtInRoles(home.account), ...roles].map(({ id }) => id).sort());
    });
  });

  describe('assignments', () => {
    it('are for roles and people of the account, once each, and come back', async () => {
      const { store, home, at } = await opened();
      const { identities } = store;
      const other = newHousehold();
      await store.directory.install(other);
      const by = home.administrator.id;
      const role = newRole(home);
      const foreign = newRole(other);
      await identities.insertRole(role, by);
      await identities.insertRole(foreign, by);
      const onKey = newAssignment(home, role.id, by, { kind: 'key', keyId: newId<KeyId>() });
      const all = [
        newAssignment(home, role.id, by),
        onKey,
        newAssignment(home, role.id, by, { kind: 'group', groupId: home.group.id }),
      ].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      for (const assignment of all) await identities.insertAssignment(assignment, by);
      const { size } = await store.log.head();
      const refused: [RoleAssignment, object][] = [
        [newAssignment(home, role.id, by), { code: 'conflict', subject: 'assignment' }],
        [newAssignment(home, role.id, by, onKey.scope), { code: 'conflict', subject: 'assignment' }],
        [newAssignment(home, foreign.id, by), { code: 'not_found', subject: 'role' }],
        [newAssignment(home, newId(), by), { code: 'not_found', subject: 'role' }],
        [newAssignment(home, role.id, other.administrator.id), { code: 'not_found', subject: 'user' }],
      ];
      for (const [assignment, error] of refused)
        await expect(identities.insertAssignment(assignment, by)).rejects.toMatchObject(error);
      expect((await store.log.head()).size).toBe(size);
      const query = { accountId: home.account.id, roleId: role.id };
      for (const next of [() => store, () => reopened(store, at)]) {
        const each = (await next()).identities;
        for (const assignment of all)
          expect(await each.findAssignment(home.account.id, assignment.id)).toEqual(assignment);
        const first = await each.listAssignments({ ...query, after: undefined, limit: 2 });
        expect(first).toEqual({ items: all.slice(0, 2), more: true });
        const rest = await each.listAssignments({ ...query, after: first.items[1]?.id, limit: 2 });
        expect(rest).toEqual({ items: all.slice(2), more: false });
        expect(await each.listAssignments({ ...ALL, ...query, accountId: other.account.id })).toEqual({
          items: [],
          more: false,
        });
      }
    });

    it('make a new revision, and so does every change of a role that may be held', async () => {
      const { store, home } = await opened();
      const { identities } = store;
      const by = home.administrator.id;
      const role = newRole(home);
      const assignment = newAssignment(home, role.id, by);
      const removal = () => identities.removeAssignment(home.account.id, assignment.id, by);
      expect(await bumps(store, home, () => identities.insertRole(role, by))).toBe(false);
      expect(await bumps(store, home, () => identities.insertAssignment(assignment, by))).toBe(true);
      expect(await bumps(store, home, () => identities.replaceRole({ ...role, version: 2 }, by))).toBe(true);
      expect(await bumps(store, home, () => identities.replaceRole({ ...role, version: 2 }, by))).toBe(false);
      expect(await bumps(store, home, removal)).toBe(true);
      expect(await bumps(store, home, removal)).toBe(false);
    });

    it('of one principal are at most 200', async () => {
      const { store, home } = await opened();
      const by = home.administrator.id;
      const role = newRole(home);
      await store.identities.insertRole(role, by);
      const assign = () =>
        store.identities.insertAssignment(newAssignment(home, role.id, by, { kind: 'key', keyId: newId() }), by);
      await Promise.all(Array.from({ length: 200 }, assign));
      await expect(assign()).rejects.toMatchObject({ code: 'conflict', subject: 'assignment' });
    });

    it('give a principal its own grants and those of its roles, whatever happens in whatever order', async () => {
      const { store, home } = await opened();
      const { identities, directory } = store;
      const by = home.administrator.id;
      const groupId = home.group.id as GroupId;
      const keyId = newId<KeyId>();
      const scopes: readonly Grant['scope'][] = [
        { kind: 'account' },
        { kind: 'group', groupId },
        { kind: 'key', keyId },
      ];
      const permissions: readonly Permission[][] = [[], ['sign'], ['verify', 'approve']];
      const place = fc.nat(2);
      const step = fc.oneof(
        fc.record({ kind: fc.constant('assign' as const), role: place, scope: place }),
        fc.record({ kind: fc.constant('revoke' as const), role: place, scope: place }),
        fc.record({ kind: fc.constant('change' as const), role: place, to: place, archived: fc.boolean() }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const own: Grant = { scope: { kind: 'key', keyId: newId<KeyId>() }, permissions: ['derive'] };
          const person = newPerson(home);
          const principal = { ...person.principal, grants: [own] };
          const roles = [0, 1, 2].map(() => newRole(home));
          await identities.insertIdentity({ ...person, principal, roles }, by);
          const held = new Map<string, RoleAssignment>();
          for (const each of steps) {
            const role = roles[each.role] as Role;
            if (each.kind === 'change') {
              const next = {
                ...role,
                permissions: permissions[each.to] ?? [],
                archived: each.archived,
                version: role.version + 1,
              };
              expect(await identities.replaceRole(next, by)).toBe(true);
              roles[each.role] = next;
            } else {
              const index = `${each.role}/${each.scope}`;
              const present = held.get(index);
              if (each.kind === 'revoke' && present !== undefined) {
                expect(await identities.removeAssignment(home.account.id, present.id, by)).toBe(true);
                held.delete(index);
              } else if (each.kind === 'assign' && present === undefined) {
                const made = newAssignment(home, role.id, principal.id, scopes[each.scope] ?? { kind: 'account' });
                await identities.insertAssignment(made, by);
                held.set(index, made);
              }
            }
            const expected = [...held.values()]
              .toSorted((a, b) => (a.id < b.id ? -1 : 1))
              .flatMap(({ roleId, scope }) => {
                const found = roles.find(({ id }) => id === roleId);
                return found === undefined || found.archived ? [] : [{ scope, permissions: found.permissions }];
              });
            expect((await directory.principal(principal.id))?.grants).toEqual([own, ...expected]);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
