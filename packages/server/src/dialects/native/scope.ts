/** What a role is given on: everything, a group of keys, or one key. */
import type { GroupId } from '@countersign/core/ids';
import type { Grant } from '@countersign/core/principal';
import { type Static, Type } from 'typebox';
import { readMemberId, writeId } from '../prefixed-id.ts';
import { IdSchema } from '../wire-values.ts';
import { readUuid, UuidSchema } from './uuid.ts';

const exact = { additionalProperties: false };

export const ScopeSchema = Type.Union([
  Type.Object({ kind: Type.Literal('account') }, exact),
  Type.Object({ kind: Type.Literal('group'), groupId: UuidSchema }, exact),
  Type.Object({ kind: Type.Literal('key'), keyId: IdSchema }, exact),
]);

/** @throws DomainError `invalid_request` */
export function readScope(scope: Static<typeof ScopeSchema>): Grant['scope'] {
  switch (scope.kind) {
    case 'account':
      return scope;
    case 'group':
      return { kind: 'group', groupId: readUuid<GroupId>('scope.groupId', scope.groupId) };
    case 'key':
      return { kind: 'key', keyId: readMemberId('key', 'scope.keyId', scope.keyId) };
  }
}

export function renderScope(scope: Grant['scope']): Readonly<Record<string, string>> {
  return scope.kind === 'key' ? { kind: 'key', keyId: writeId('key', scope.keyId) } : { ...scope };
}
