/** Rows of roles and their assignments as records. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import type { AccountId, AssignmentId, PrincipalId, RoleId } from '@countersign/core/ids';
import type { Permission } from '@countersign/core/principal';
import { scopeCells, scopeOf } from './directory-rows.ts';
import { idText } from './key-row.ts';
import { idBlob } from './sqlite-log.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

export const INSERT_ROLE = `INSERT INTO roles
  (id, account_id, name, permissions, immutable, archived, created_at_ms, updated_at_ms, version)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** Ends before WHERE. */
export const SELECT_ROLES = 'SELECT * FROM roles';

export const INSERT_ASSIGNMENT = `INSERT INTO role_assignments
  (id, account_id, role_id, principal_id, scope_kind, scope_id, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`;
/** Ends before WHERE. */
export const SELECT_ASSIGNMENTS = `SELECT role_assignments.*, roles.name AS role_name
  FROM role_assignments JOIN roles ON roles.id = role_id`;

export function roleCells(role: Role): SQLInputValue[] {
  return [
    idBlob(role.id),
    idBlob(role.accountId),
    role.name,
    JSON.stringify(role.permissions),
    Number(role.immutable),
    Number(role.archived),
    role.createdAtMs,
    role.updatedAtMs,
    role.version,
  ];
}

export function roleOf(row: Row): Role {
  return {
    id: idText(row['id']) as RoleId,
    accountId: idText(row['account_id']) as AccountId,
    name: row['name'] as string,
    permissions: JSON.parse(row['permissions'] as string) as Permission[],
    immutable: row['immutable'] === 1,
    archived: row['archived'] === 1,
    createdAtMs: row['created_at_ms'] as number,
    updatedAtMs: row['updated_at_ms'] as number,
    version: row['version'] as number,
  };
}

export function assignmentCells({ id, accountId, roleId, principalId, scope, createdAtMs }: RoleAssignment) {
  const { scope_kind, scope_id } = scopeCells(scope);
  const cells: SQLInputValue[] = [idBlob(id), idBlob(accountId), idBlob(roleId), idBlob(principalId)];
  return [...cells, scope_kind, scope_id, createdAtMs];
}

export function assignmentOf(row: Row): RoleAssignment {
  return {
    id: idText(row['id']) as AssignmentId,
    accountId: idText(row['account_id']) as AccountId,
    roleId: idText(row['role_id']) as RoleId,
    principalId: idText(row['principal_id']) as PrincipalId,
    scope: scopeOf({ scope_kind: row['scope_kind'] as string, scope_id: row['scope_id'] as Uint8Array | null }),
    createdAtMs: row['created_at_ms'] as number,
  };
}
