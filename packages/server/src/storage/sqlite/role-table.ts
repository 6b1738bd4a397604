/** Changes of roles and of who holds them, each with its log entry. They run inside the transactions of `GroupCommit`. */
import { DomainError } from '@countersign/core/domain-error';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import type { AccountId, AssignmentId, PrincipalId } from '@countersign/core/ids';
import { asDomainErrors } from './constraint-errors.ts';
import { idText } from './key-row.ts';
import { assignmentCells, INSERT_ASSIGNMENT, INSERT_ROLE, roleCells } from './role-rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

const MAX_ROLES = 10_000;
/** All of them are read for every principal that isn't cached. */
const MAX_ASSIGNMENTS_OF_PRINCIPAL = 200;

const COUNT_ROLES = 'SELECT count(*) AS count FROM roles WHERE account_id = ?';
const COUNT_ASSIGNMENTS = 'SELECT count(*) AS count FROM role_assignments WHERE principal_id = ?';
const ROLE = 'SELECT archived FROM roles WHERE id = ? AND account_id = ?';
const PRINCIPAL = 'SELECT 1 FROM principals WHERE id = ? AND account_id = ?';
const REPLACE_ROLE = `UPDATE roles SET name = ?, permissions = ?, archived = ?, updated_at_ms = ?, version = ?
  WHERE id = ? AND account_id = ? AND version = ? AND immutable = 0`;
const REMOVE_ASSIGNMENT = `DELETE FROM role_assignments WHERE id = ? AND account_id = ?
  RETURNING role_id, principal_id, scope_kind`;

export class RoleTable {
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;

  constructor(writer: SqliteConnection, log: SqliteLog) {
    this.#writer = writer;
    this.#log = log;
  }

  /** @throws DomainError `conflict` with subject `unique-name`, or when the account has 10,000 */
  insert(role: Role, by: PrincipalId): void {
    const { id, accountId, name } = role;
    if (this.#count(COUNT_ROLES, accountId) >= MAX_ROLES)
      throw new DomainError('conflict', `an account has at most ${MAX_ROLES} roles`);
    asDomainErrors('unique-name', () => this.#writer.prepare(INSERT_ROLE).run(...roleCells(role)));
    const details = { role: id, name, permissions: role.permissions.join(' ') };
    this.#log.appendEvent({ kind: 'role-created', accountId, by, details });
  }

  /** false: immutable, gone, or of another version than the one before. @throws DomainError `conflict` with subject `unique-name` */
  replace(role: Role, by: PrincipalId): boolean {
    const { id, accountId, name, permissions, archived, updatedAtMs, version } = role;
    const before = this.#writer.prepare(ROLE).get(idBlob(id), idBlob(accountId));
    const cells = [name, JSON.stringify(permissions), Number(archived), updatedAtMs, version] as const;
    const { changes } = asDomainErrors('unique-name', () =>
      this.#writer.prepare(REPLACE_ROLE).run(...cells, idBlob(id), idBlob(accountId), version - 1),
    );
    if (changes !== 1) return false;
    const kind = before?.['archived'] === cells[2] ? 'role-changed' : archived ? 'role-archived' : 'role-restored';
    const details = { role: id, name, permissions: permissions.join(' '), version };
    this.#log.appendEvent({ kind, accountId, by, details });
    return true;
  }

  /**
   * @throws DomainError `not_found` with subject `role` or `user` where the account hasn't got them; `conflict` with
   * subject `assignment` where the principal holds the role so already, or holds 200
   */
  assign(assignment: RoleAssignment, by: PrincipalId): void {
    const { id, accountId, roleId, principalId, scope } = assignment;
    if (this.#writer.prepare(ROLE).get(idBlob(roleId), idBlob(accountId)) === undefined)
      throw new DomainError('not_found', 'no such role', { subject: 'role' });
    if (this.#writer.prepare(PRINCIPAL).get(idBlob(principalId), idBlob(accountId)) === undefined)
      throw new DomainError('not_found', 'no such user', { subject: 'user' });
    if (this.#count(COUNT_ASSIGNMENTS, principalId) >= MAX_ASSIGNMENTS_OF_PRINCIPAL)
      throw new DomainError('conflict', `a user holds at most ${MAX_ASSIGNMENTS_OF_PRINCIPAL} roles`, {
        subject: 'assignment',
      });
    asDomainErrors('assignment', () => this.#writer.prepare(INSERT_ASSIGNMENT).run(...assignmentCells(assignment)));
    const scopeId = scope.kind === 'account' ? null : scope.kind === 'group' ? scope.groupId : scope.keyId;
    const details = { assignment: id, role: roleId, principal: principalId, scope: scope.kind, scopeId };
    this.#log.appendEvent({ kind: 'role-assigned', accountId, by, details });
  }

  /** Who held it; undefined: no such assignment. */
  revoke(accountId: AccountId, id: AssignmentId, by: PrincipalId): PrincipalId | undefined {
    const [row] = this.#writer.prepare(REMOVE_ASSIGNMENT).all(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    const principal = idText(row['principal_id']) as PrincipalId;
    const details = { assignment: id, role: idText(row['role_id']), principal };
    this.#log.appendEvent({ kind: 'role-revoked', accountId, by, details });
    return principal;
  }

  #count(statement: string, id: AccountId | PrincipalId): number {
    return Number(this.#writer.prepare(statement).get(idBlob(id))?.['count']);
  }
}
