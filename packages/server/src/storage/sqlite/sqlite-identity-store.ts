import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { Credential } from '@countersign/core/identity/credential';
import type { Identity } from '@countersign/core/identity/identities';
import type { Role, RoleAssignment } from '@countersign/core/identity/role';
import type { AccountId, AssignmentId, CredentialId, PrincipalId, RoleId, TokenId } from '@countersign/core/ids';
import type { Page, PageQuery } from '@countersign/core/page';
import type { IdentityStore, Invitation, NewIdentity } from '@countersign/core/ports/identity-store';
import type { Principal } from '@countersign/core/principal';
import { AccessTokenTable } from './access-token-table.ts';
import { CredentialTable } from './credential-table.ts';
import type { GroupCommit } from './group-commit.ts';
import { idText } from './key-row.ts';
import type { PrincipalTable } from './principal-table.ts';
import { readPage } from './read-page.ts';
import { assignmentOf, roleOf, SELECT_ASSIGNMENTS, SELECT_ROLES } from './role-rows.ts';
import { RoleTable } from './role-table.ts';
import type { Row } from './row-cells.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { SqliteDirectory } from './sqlite-directory.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface SqliteIdentityStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  readonly directory: SqliteDirectory;
  readonly principals: PrincipalTable;
}

const WRITE_BYTES = 8192;
const FROM_START = new Uint8Array(0);

const GROUP = 'SELECT 1 FROM groups WHERE id = ? AND account_id = ?';
const EMAIL = 'SELECT 1 FROM people WHERE email = ?';
const EXTERNAL_ID = 'SELECT 1 FROM principals WHERE account_id = ? AND external_id = ?';
const INSERT_PERSON = `INSERT INTO people (principal_id, email, invitation_digest, invitation_expires_at_ms)
  VALUES (?, ?, ?, ?)`;
/** One principal with what only identities have; ends before WHERE. */
const SELECT_IDENTITIES = `SELECT id, account_id, external_id, created_at_ms, email, invitation_digest,
    invitation_expires_at_ms
  FROM principals LEFT JOIN people ON principal_id = id`;
const LIST = `${SELECT_IDENTITIES} WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?`;
const LIST_OF_KIND = `${SELECT_IDENTITIES} WHERE account_id = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?`;
const SET_ENABLED = 'UPDATE principals SET enabled = ? WHERE id = ? AND enabled <> ?';
const SPEND_INVITATION = `UPDATE people SET invitation_digest = NULL, invitation_expires_at_ms = NULL
  WHERE principal_id = ? AND invitation_digest = ? AND invitation_expires_at_ms = ?`;
const SET_INVITATION = `UPDATE people SET invitation_digest = ?, invitation_expires_at_ms = ? WHERE principal_id = ?`;

/** People and services with their roles, tokens and credentials. */
export class SqliteIdentityStore implements IdentityStore {
  readonly #parts: SqliteIdentityStoreParts;
  readonly #roles: RoleTable;
  readonly #tokens: AccessTokenTable;
  readonly #credentials: CredentialTable;

  constructor(parts: SqliteIdentityStoreParts) {
    this.#parts = parts;
    const { reader, writer, log } = parts;
    this.#roles = new RoleTable(writer, log);
    this.#tokens = new AccessTokenTable(reader, writer, log);
    this.#credentials = new CredentialTable(reader, writer, log);
  }

  /** It makes nothing less allowed, so the account's revision stays. @throws DomainError also `conflict` when the account has 100,000 principals */
  async insertIdentity(identity: NewIdentity, by: PrincipalId): Promise<void> {
    await this.#parts.commits.submit(
      WRITE_BYTES,
      () => this.#insert(identity, by),
      (done) => done(),
    );
  }

  async findIdentity(accountId: AccountId, id: PrincipalId): Promise<Identity | undefined> {
    const [row] = this.#read(`${SELECT_IDENTITIES} WHERE id = ? AND account_id = ?`, idBlob(id), idBlob(accountId));
    return row === undefined ? undefined : this.#identityOf(row);
  }

  async findByEmail(email: string): Promise<(Identity & { readonly invitation: Invitation | undefined }) | undefined> {
    const [row] = this.#read(`${SELECT_IDENTITIES} WHERE email = ?`, email);
    const identity = row && (await this.#identityOf(row));
    if (row === undefined || identity === undefined) return undefined;
    const codeDigest = row['invitation_digest'] as Uint8Array | null;
    const expiresAtMs = row['invitation_expires_at_ms'] as number;
    return { ...identity, invitation: codeDigest === null ? undefined : { codeDigest, expiresAtMs } };
  }

  async listIdentities(
    query: PageQuery<PrincipalId> & { readonly accountId: AccountId; readonly kind: Principal['kind'] | undefined },
  ): Promise<Page<Identity>> {
    const { accountId, kind } = query;
    const after = query.after === undefined ? FROM_START : idBlob(query.after);
    const page = await readPage(
      query.limit,
      (count) =>
        kind === undefined
          ? this.#read(LIST, idBlob(accountId), after, count)
          : this.#read(LIST_OF_KIND, idBlob(accountId), kind, after, count),
      (row) => this.#identityOf(row),
    );
    return { items: page.items.filter((item) => item !== undefined), more: page.more };
  }

  async setEnabled(accountId: AccountId, id: PrincipalId, enabled: boolean, by: PrincipalId): Promise<boolean> {
    return this.#change(accountId, () => {
      if (this.#parts.principals.accountOf(id) !== accountId) return undefined;
      const { changes } = this.#prepare(SET_ENABLED).run(Number(enabled), idBlob(id), Number(enabled));
      if (changes === 0) return UNCHANGED;
      const kind = enabled ? 'principal-enabled' : 'principal-disabled';
      this.#parts.log.appendEvent({ kind, accountId, by, details: { principal: id } });
      return { bumps: true, afterCommit: () => this.#parts.directory.forgetPrincipal(id) };
    });
  }

  async tokenByDigest(digest: Uint8Array): Promise<AccessToken | undefined> {
    return this.#tokens.byDigest(digest);
  }

  async insertToken(token: AccessToken, credential: Credential | undefined, by: PrincipalId): Promise<void> {
    const { accountId, principalId } = token;
    await this.#change(accountId, () => {
      if (credential !== undefined) this.#credentials.insert(credential, by);
      const done = this.#tokens.insert(token, by);
      return {
        // A credential makes proofs necessary; a token alone makes nothing less allowed.
        bumps: credential !== undefined,
        afterCommit: () => {
          done();
          if (credential !== undefined) this.#parts.directory.forgetPrincipal(principalId);
        },
      };
    });
  }

  async findToken(accountId: AccountId, id: TokenId): Promise<AccessToken | undefined> {
    return this.#tokens.find(accountId, id);
  }

  async setTokenActive(accountId: AccountId, id: TokenId, active: boolean, by: PrincipalId): Promise<boolean> {
    return this.#change(accountId, () => {
      const token = this.#tokens.findToChange(accountId, id);
      if (token === undefined) return undefined;
      if (!this.#tokens.setActive(token, active, by)) return UNCHANGED;
      return { bumps: true, afterCommit: () => this.#tokens.forgetOne(token) };
    });
  }

  async deleteToken(accountId: AccountId, id: TokenId, by: PrincipalId): Promise<boolean> {
    return this.#change(accountId, () => {
      const token = this.#tokens.findToChange(accountId, id);
      if (token === undefined) return undefined;
      const { principalId } = token;
      const orphan = this.#tokens.delete(token, by);
      if (orphan !== undefined) this.#credentials.delete(accountId, orphan, principalId, by);
      return {
        bumps: true,
        afterCommit: () => {
          this.#tokens.forgetOne(token);
          this.#parts.directory.forgetPrincipal(principalId);
        },
      };
    });
  }

  /** A new role makes nothing less allowed. @throws DomainError `conflict` with subject `unique-name` */
  async insertRole(role: Role, by: PrincipalId): Promise<void> {
    await this.#parts.commits.submit(WRITE_BYTES, () => this.#roles.insert(role, by));
  }

  async findRole(accountId: AccountId, id: RoleId): Promise<Role | undefined> {
    return this.#read(`${SELECT_ROLES} WHERE id = ? AND account_id = ?`, idBlob(id), idBlob(accountId)).map(roleOf)[0];
  }

  /** In order of id. */
  async listRoles(query: PageQuery<RoleId> & { readonly accountId: AccountId }): Promise<Page<Role>> {
    const after = query.after === undefined ? FROM_START : idBlob(query.after);
    const statement = `${SELECT_ROLES} WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?`;
    return readPage(query.limit, (count) => this.#read(statement, idBlob(query.accountId), after, count), roleOf);
  }

  /** Never a built-in one. @throws DomainError `conflict` with subject `unique-name` */
  async replaceRole(role: Role, by: PrincipalId): Promise<boolean> {
    return this.#change(role.accountId, () => {
      if (!this.#roles.replace(role, by)) return undefined;
      return { bumps: true, afterCommit: () => this.#parts.directory.forgetPrincipals() };
    });
  }

  /** @throws DomainError `not_found` with subject `role` or `user`; `conflict` with subject `assignment` for the same one again */
  async insertAssignment(assignment: RoleAssignment, by: PrincipalId): Promise<void> {
    const { accountId, principalId } = assignment;
    await this.#change(accountId, () => {
      this.#roles.assign(assignment, by);
      return { bumps: true, afterCommit: () => this.#parts.directory.forgetPrincipal(principalId) };
    });
  }

  async findAssignment(accountId: AccountId, id: AssignmentId): Promise<RoleAssignment | undefined> {
    const statement = `${SELECT_ASSIGNMENTS} WHERE role_assignments.id = ? AND role_assignments.account_id = ?`;
    return this.#read(statement, idBlob(id), idBlob(accountId)).map(assignmentOf)[0];
  }

  /** In order of id. */
  async listAssignments(
    query: PageQuery<AssignmentId> & { readonly accountId: AccountId; readonly roleId: RoleId },
  ): Promise<Page<RoleAssignment>> {
    const after = query.after === undefined ? FROM_START : idBlob(query.after);
    const statement = `${SELECT_ASSIGNMENTS} WHERE role_id = ? AND role_assignments.account_id = ?
      AND role_assignments.id > ? ORDER BY role_assignments.id LIMIT ?`;
    const ids = [idBlob(query.roleId), idBlob(query.accountId), after];
    return readPage(query.limit, (count) => this.#read(statement, ...ids, count), assignmentOf);
  }

  async removeAssignment(accountId: AccountId, id: AssignmentId, by: PrincipalId): Promise<boolean> {
    return this.#change(accountId, () => {
      const principalId = this.#roles.revoke(accountId, id, by);
      if (principalId === undefined) return undefined;
      return { bumps: true, afterCommit: () => this.#parts.directory.forgetPrincipal(principalId) };
    });
  }

  async findCredential(accountId: AccountId, id: CredentialId): Promise<Credential | undefined> {
    return this.#credentials.find(accountId, id);
  }

  async findPasskey(rawId: Uint8Array): Promise<Credential | undefined> {
    return this.#credentials.findPasskey(rawId);
  }

  async credentialsOf(accountId: AccountId, principalId: PrincipalId): Promise<readonly Credential[]> {
    return this.#credentials.ofPrincipal(accountId, principalId);
  }

  /** @throws DomainError `conflict` with subject `passkey`; `not_found` with subject `user` */
  async insertCredential(
    credential: Credential,
    options: { readonly spendInvitation: Invitation | undefined; readonly replacesAll: boolean },
    by: PrincipalId,
  ): Promise<boolean> {
    const { accountId, principalId } = credential;
    const { spendInvitation, replacesAll } = options;
    return this.#change(accountId, () => {
      if (spendInvitation !== undefined && !this.#spend(principalId, spendInvitation)) return undefined;
      if (replacesAll) this.#credentials.deactivateAll(accountId, principalId, by);
      this.#credentials.insert(credential, by);
      return { bumps: true, afterCommit: () => this.#parts.directory.forgetPrincipal(principalId) };
    });
  }

  async setCredentialActive(
    accountId: AccountId,
    id: CredentialId,
    active: boolean,
    by: PrincipalId,
  ): Promise<boolean> {
    return this.#change(accountId, () => {
      const found = this.#credentials.setActive(accountId, id, active, by);
      if (found === undefined) return undefined;
      if (!found.changed) return UNCHANGED;
      return { bumps: true, afterCommit: () => this.#parts.directory.forgetPrincipal(found.principalId) };
    });
  }

  noteSignCount(id: CredentialId, signCount: number): void {
    this.#credentials.noteSignCount(id, signCount);
  }

  /** false: nobody of the account, or no person. */
  async setInvitation(
    accountId: AccountId,
    id: PrincipalId,
    { codeDigest, expiresAtMs }: Invitation,
    by: PrincipalId,
  ): Promise<boolean> {
    return this.#change(accountId, () => {
      if (this.#parts.principals.accountOf(id) !== accountId) return undefined;
      if (this.#prepare(SET_INVITATION).run(codeDigest, expiresAtMs, idBlob(id)).changes === 0) return undefined;
      this.#logInvitation(accountId, id, expiresAtMs, by);
      return UNCHANGED;
    });
  }

  get hasPendingCounts(): boolean {
    return this.#credentials.hasPendingCounts;
  }

  /** Inside a transaction. Returns what to do after the commit. */
  writeCounts(): () => void {
    return this.#credentials.writeCounts();
  }

  /** A principal went with its tokens, or somebody else may have written. */
  forget(): void {
    this.#tokens.forget();
  }

  #insert(identity: NewIdentity, by: PrincipalId): () => void {
    const { principal, group, email, externalId, invitation, createdAtMs } = identity;
    const { id, accountId } = principal;
    const { principals } = this.#parts;
    principals.requireFreeName(accountId, principal.name);
    if (email !== undefined && this.#prepare(EMAIL).get(email) !== undefined)
      throw new DomainError('conflict', 'a user with this email exists already', { subject: 'user-name' });
    if (externalId !== undefined && this.#prepare(EXTERNAL_ID).get(idBlob(accountId), externalId) !== undefined)
      throw new DomainError('conflict', 'the external id is taken', { subject: 'external-id' });
    principals.countOneMore(accountId);
    if (group !== undefined) principals.insertGroup(group);
    const { defaultGroupId } = principal;
    if (
      defaultGroupId !== undefined &&
      this.#prepare(GROUP).get(idBlob(defaultGroupId), idBlob(accountId)) === undefined
    )
      throw new DomainError('not_found', 'no such group');
    principals.insertPrincipal(principal, { createdAtMs, by, externalId });
    if (principal.kind === 'user') {
      const { codeDigest, expiresAtMs } = invitation ?? { codeDigest: null, expiresAtMs: null };
      this.#prepare(INSERT_PERSON).run(idBlob(id), email ?? null, codeDigest, expiresAtMs);
      if (invitation !== undefined) this.#logInvitation(accountId, id, invitation.expiresAtMs, by);
    }
    for (const role of identity.roles) this.#roles.insert(role, by);
    for (const assignment of identity.assignments) this.#roles.assign(assignment, by);
    for (const credential of identity.credentials) this.#credentials.insert(credential, by);
    const done = identity.tokens.map((token) => this.#tokens.insert(token, by));
    return () => {
      for (const step of done) step();
    };
  }

  #spend(principalId: PrincipalId, { codeDigest, expiresAtMs }: Invitation): boolean {
    return this.#prepare(SPEND_INVITATION).run(idBlob(principalId), codeDigest, expiresAtMs).changes === 1;
  }

  /** Undefined where it was removed between the row and this. */
  async #identityOf(row: Row): Promise<Identity | undefined> {
    const id = idText(row['id']) as PrincipalId;
    const accountId = idText(row['account_id']) as AccountId;
    const principal = await this.#parts.directory.principal(id);
    if (principal === undefined) return undefined;
    const credentials = this.#credentials.ofPrincipal(accountId, id);
    const assignments = this.#read(
      `${SELECT_ASSIGNMENTS} WHERE principal_id = ? ORDER BY role_assignments.id`,
      idBlob(id),
    );
    return {
      principal,
      email: (row['email'] as string | null) ?? undefined,
      registered: credentials.length > 0,
      externalId: (row['external_id'] as string | null) ?? undefined,
      createdAtMs: row['created_at_ms'] as number,
      assignments: assignments.map((each) => ({ ...assignmentOf(each), roleName: each['role_name'] as string })),
      tokens: this.#tokens.ofPrincipal(accountId, id),
      credentials,
    };
  }

  #logInvitation(accountId: AccountId, id: PrincipalId, expiresAtMs: number, by: PrincipalId): void {
    const details = { principal: id, expiresAtMs };
    this.#parts.log.appendEvent({ kind: 'invitation-created', accountId, by, details });
  }

  #read(statement: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#parts.reader.read(statement, ...parameters);
  }

  #prepare(statement: string): StatementSync {
    return this.#parts.writer.prepare(statement);
  }

  /** false where `work` found nothing to change. What may make something less allowed also bumps the account's revision. */
  async #change(accountId: AccountId, work: () => Change | undefined): Promise<boolean> {
    const { commits, directory, principals } = this.#parts;
    const change = await commits.submit(
      WRITE_BYTES,
      () => {
        const change = work();
        if (change?.bumps === true) principals.bumpRevision(accountId);
        return change;
      },
      (change) => {
        if (change?.bumps === true) directory.forgetAccount(accountId);
        change?.afterCommit?.();
      },
    );
    return change !== undefined;
  }
}

interface Change {
  readonly bumps: boolean;
  readonly afterCommit?: () => void;
}

/** Found, and nothing is less allowed than before. */
const UNCHANGED: Change = { bumps: false };
