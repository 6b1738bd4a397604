/** The rows of the directory's tables and their records. */
import type { SQLOutputValue } from 'node:sqlite';
import type { Account, AccountSettings } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, GroupId, KeyId, PrincipalId } from '@countersign/core/ids';
import type { Group, PrincipalEntry } from '@countersign/core/ports/directory';
import type { Grant, Permission, Principal } from '@countersign/core/principal';
import { idText } from './key-row.ts';
import type { AccountsTable, GrantsTable, GroupsTable, PrincipalsTable } from './schema.ts';
import { idBlob } from './sqlite-log.ts';

export function accountOf(row: AccountsTable | undefined): Account | undefined {
  if (row === undefined) return undefined;
  return {
    id: idText(row.id) as AccountId,
    name: row.name,
    settings: JSON.parse(row.settings) as AccountSettings,
    createdAtMs: row.created_at_ms,
    revision: row.revision,
  };
}

export function groupOf(row: GroupsTable | undefined): Group | undefined {
  if (row === undefined) return undefined;
  return {
    id: idText(row.id) as GroupId,
    accountId: idText(row.account_id) as AccountId,
    name: row.name,
    createdBy: idText(row.created_by) as PrincipalId,
    createdAtMs: row.created_at_ms,
  };
}

export function rowOfGroup(group: Group): GroupsTable {
  return {
    id: idBlob(group.id),
    account_id: idBlob(group.accountId),
    name: group.name,
    created_by: idBlob(group.createdBy),
    created_at_ms: group.createdAtMs,
  };
}

/** `grants`: its own, then those of its roles. */
export function principalOf(
  row: PrincipalsTable,
  grants: readonly Pick<GrantsTable, 'scope_kind' | 'scope_id' | 'permissions'>[],
  requiresProof: boolean,
): Principal {
  return {
    id: idText(row.id) as PrincipalId,
    accountId: idText(row.account_id) as AccountId,
    kind: row.kind as Principal['kind'],
    name: row.name,
    enabled: row.enabled === 1,
    defaultGroupId: row.default_group_id === null ? undefined : (idText(row.default_group_id) as GroupId),
    grants: grants.map((grant) => ({
      scope: scopeOf(grant),
      permissions: JSON.parse(grant.permissions) as Permission[],
    })),
    requiresProof,
    createdBy: row.created_by === null ? undefined : (idText(row.created_by) as PrincipalId),
  };
}

/** A row with the columns of the principal, its `group_name` and its `api_key_count`. */
export function entryOf(row: Readonly<Record<string, SQLOutputValue>>): PrincipalEntry {
  return {
    id: idText(row['id']) as PrincipalId,
    kind: row['kind'] as Principal['kind'],
    name: row['name'] as string,
    enabled: row['enabled'] === 1,
    defaultGroupName: (row['group_name'] as string | null) ?? undefined,
    apiKeyCount: row['api_key_count'] as number,
    createdAtMs: row['created_at_ms'] as number,
  };
}

export function rowOfPrincipal(
  principal: Principal,
  createdAtMs: number,
  origin: { readonly createdBy: PrincipalId | undefined; readonly externalId: string | undefined },
): PrincipalsTable {
  return {
    id: idBlob(principal.id),
    account_id: idBlob(principal.accountId),
    kind: principal.kind,
    name: principal.name,
    enabled: Number(principal.enabled),
    default_group_id: principal.defaultGroupId === undefined ? null : idBlob(principal.defaultGroupId),
    created_at_ms: createdAtMs,
    created_by: origin.createdBy === undefined ? null : idBlob(origin.createdBy),
    external_id: origin.externalId ?? null,
  };
}

export function rowOfGrant(id: PrincipalId, ordinal: number, { scope, permissions }: Grant): GrantsTable {
  return {
    principal_id: idBlob(id),
    ordinal,
    ...scopeCells(scope),
    permissions: JSON.stringify(permissions),
  };
}

export function scopeCells(scope: Grant['scope']): Pick<GrantsTable, 'scope_kind' | 'scope_id'> {
  if (scope.kind === 'account') return { scope_kind: 'account', scope_id: null };
  return { scope_kind: scope.kind, scope_id: idBlob(scope.kind === 'group' ? scope.groupId : scope.keyId) };
}

/** @throws DomainError `internal` for a scope that this version doesn't know: a grant is never read as a wider one */
export function scopeOf(row: Pick<GrantsTable, 'scope_kind' | 'scope_id'>): Grant['scope'] {
  if (row.scope_kind === 'account') return { kind: 'account' };
  if (row.scope_kind === 'group' && row.scope_id !== null)
    return { kind: 'group', groupId: idText(row.scope_id) as GroupId };
  if (row.scope_kind === 'key' && row.scope_id !== null) return { kind: 'key', keyId: idText(row.scope_id) as KeyId };
  throw new DomainError('internal', 'a grant with an unknown scope');
}
