/** Reads what was stored with a change that waited for approval. */
import type { JsonValue } from '@countersign/chains/chain';
import { DomainError } from '../domain-error.ts';
import { type GroupId, type KeyId, type PrincipalId, parseId, type RoleId } from '../ids.ts';
import { type Grant, PERMISSIONS, type Permission } from '../principal.ts';

type AnId = PrincipalId | RoleId | GroupId | KeyId;

/** A member of the body of a change. @throws DomainError `internal` for a body that isn't an object */
export function bodyMember(body: JsonValue, name: string): JsonValue | undefined {
  if (typeof body !== 'object' || body === null || isList(body)) throw malformed();
  return Object.hasOwn(body, name) ? body[name] : undefined;
}

/** @throws DomainError `internal` */
export function textIn(body: JsonValue, name: string): string {
  const value = bodyMember(body, name);
  if (typeof value !== 'string') throw malformed();
  return value;
}

/** @throws DomainError `internal` */
export function idIn<Id extends AnId>(body: JsonValue, name: string): Id {
  const id = parseId<Id>(textIn(body, name));
  if (id === undefined) throw malformed();
  return id;
}

/** Undefined where the member is absent. @throws DomainError `internal` */
export function permissionsIn(body: JsonValue, name: string): readonly Permission[] | undefined {
  const list = bodyMember(body, name);
  if (list === undefined) return undefined;
  if (!isList(list)) throw malformed();
  return list.map((each) => {
    const permission = PERMISSIONS.find((known) => known === each);
    if (permission === undefined) throw malformed();
    return permission;
  });
}

/** As `scopeJson` writes it. @throws DomainError `internal` */
export function scopeIn(body: JsonValue, name: string): Grant['scope'] {
  const scope = bodyMember(body, name) ?? null;
  switch (textIn(scope, 'kind')) {
    case 'account':
      return { kind: 'account' };
    case 'group':
      return { kind: 'group', groupId: idIn(scope, 'groupId') };
    case 'key':
      return { kind: 'key', keyId: idIn(scope, 'keyId') };
    default:
      throw malformed();
  }
}

export function scopeJson(scope: Grant['scope']): JsonValue {
  return { ...scope };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function malformed(): DomainError {
  return new DomainError('internal', 'the body of a change can not be read');
}
