/** Access tokens: looked up for every request, so cached. What changes them runs inside the transactions of `GroupCommit`. */
import type { StatementSync } from 'node:sqlite';
import { DomainError } from '@countersign/core/domain-error';
import type { AccessToken } from '@countersign/core/identity/access-token';
import type { AccountId, CredentialId, PrincipalId, TokenId } from '@countersign/core/ids';
import { GenerationCache } from '../generation-cache.ts';
import { asDomainErrors } from './constraint-errors.ts';
import { INSERT_TOKEN, tokenCells, tokenOf } from './credential-rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { toDomainError } from './sqlite-fault.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

const CACHED_TOKENS = 20_000;
const MAX_TOKENS_OF_PRINCIPAL = 1_000;
/** Logins of one person at a time; the oldest ends when there is one more. */
const MAX_LOGINS_OF_PERSON = 100;
const MAX_ROLES_OF_TOKEN = 100;

const BY_DIGEST = 'SELECT * FROM access_tokens WHERE digest = ?';
const BY_ID = 'SELECT * FROM access_tokens WHERE id = ? AND account_id = ?';
const OF_PRINCIPAL = 'SELECT * FROM access_tokens WHERE principal_id = ? AND account_id = ? ORDER BY created_at_ms, id';
const PRINCIPAL = 'SELECT 1 FROM principals WHERE id = ? AND account_id = ?';
const CREDENTIAL_OF = 'SELECT 1 FROM credentials WHERE id = ? AND principal_id = ?';
const OTHER_TOKEN_OF_CREDENTIAL = 'SELECT 1 FROM access_tokens WHERE credential_id = ? AND id <> ?';
const COUNT = "SELECT count(*) AS count FROM access_tokens WHERE principal_id = ? AND kind <> 'login'";
const ENDED_LOGINS = "SELECT * FROM access_tokens WHERE principal_id = ? AND kind = 'login' AND expires_at_ms <= ?";
const OLDEST_LOGINS = `SELECT * FROM access_tokens WHERE principal_id = ? AND kind = 'login'
  ORDER BY created_at_ms DESC, id LIMIT -1 OFFSET ?`;
const SET_ACTIVE = 'UPDATE access_tokens SET active = ? WHERE id = ? AND active <> ?';
const DELETE = 'DELETE FROM access_tokens WHERE id = ?';

export class AccessTokenTable {
  readonly #reader: SqliteConnection;
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;
  readonly #byDigest = new GenerationCache<string, AccessToken>(CACHED_TOKENS);
  readonly #selectByDigest: StatementSync;

  constructor(reader: SqliteConnection, writer: SqliteConnection, log: SqliteLog) {
    this.#reader = reader;
    this.#writer = writer;
    this.#log = log;
    this.#selectByDigest = reader.prepare(BY_DIGEST);
  }

  /** Reads and remembers in one turn, so that no write can come between. What isn't there isn't remembered. */
  byDigest(digest: Uint8Array): AccessToken | undefined {
    const index = digestIndex(digest);
    const known = this.#byDigest.get(index);
    if (known !== undefined) return known;
    const token = this.#load(digest);
    if (token !== undefined) this.#byDigest.set(index, token);
    return token;
  }

  find(accountId: AccountId, id: TokenId): AccessToken | undefined {
    return this.#reader.read(BY_ID, idBlob(id), idBlob(accountId)).map(tokenOf)[0];
  }

  ofPrincipal(accountId: AccountId, principalId: PrincipalId): readonly AccessToken[] {
    return this.#reader.read(OF_PRINCIPAL, idBlob(principalId), idBlob(accountId)).map(tokenOf);
  }

  /**
   * A login also ends the person's logins that expired, or are more than 100. Returns what to do after the commit.
   * @throws DomainError `not_found` with subject `user` or `credential`; `conflict` with subject `token` when the principal
   * has 1,000; `invalid_request` for more than 100 roles
   */
  insert(token: AccessToken, by: PrincipalId): () => void {
    const { id, accountId, principalId, kind, credentialId, roleIds } = token;
    const principal = idBlob(principalId);
    if (roleIds !== undefined && roleIds.length > MAX_ROLES_OF_TOKEN)
      throw new DomainError('invalid_request', `a token names at most ${MAX_ROLES_OF_TOKEN} roles`);
    if (this.#writer.prepare(PRINCIPAL).get(principal, idBlob(accountId)) === undefined)
      throw new DomainError('not_found', 'no such user', { subject: 'user' });
    if (
      credentialId !== undefined &&
      this.#writer.prepare(CREDENTIAL_OF).get(idBlob(credentialId), principal) === undefined
    )
      throw new DomainError('not_found', 'no such credential', { subject: 'credential' });
    if (kind !== 'login' && Number(this.#writer.prepare(COUNT).get(principal)?.['count']) >= MAX_TOKENS_OF_PRINCIPAL)
      throw new DomainError('conflict', `a user has at most ${MAX_TOKENS_OF_PRINCIPAL} tokens`, { subject: 'token' });
    asDomainErrors('token', () => this.#writer.prepare(INSERT_TOKEN).run(...tokenCells(token)));
    const details = {
      token: id,
      principal: principalId,
      kind,
      credential: credentialId ?? null,
      roles: roleIds?.join(' ') ?? null,
      expiresAtMs: token.expiresAtMs ?? null,
    };
    this.#log.appendEvent({ kind: 'token-created', accountId, by, details });
    const ended = kind === 'login' ? this.#endLogins(token, by) : [];
    return () => {
      for (const each of ended) this.forgetOne(each);
    };
  }

  /** Inside a transaction; undefined: no such token. */
  findToChange(accountId: AccountId, id: TokenId): AccessToken | undefined {
    const row = this.#writer.prepare(BY_ID).get(idBlob(id), idBlob(accountId));
    return row === undefined ? undefined : tokenOf(row);
  }

  /** Whether that changed anything. */
  setActive(token: AccessToken, active: boolean, by: PrincipalId): boolean {
    const { changes } = this.#writer.prepare(SET_ACTIVE).run(Number(active), idBlob(token.id), Number(active));
    if (changes === 1) this.#logChange(active ? 'token-activated' : 'token-deactivated', token, by);
    return changes === 1;
  }

  /** The credential that was this token's alone and is to go with it: never one that a login only used. */
  delete(token: AccessToken, by: PrincipalId): CredentialId | undefined {
    const { id, kind, credentialId } = token;
    this.#writer.prepare(DELETE).run(idBlob(id));
    this.#logChange('token-deleted', token, by);
    if (credentialId === undefined || kind === 'login') return undefined;
    const another = this.#writer.prepare(OTHER_TOKEN_OF_CREDENTIAL).get(idBlob(credentialId), idBlob(id));
    return another === undefined ? credentialId : undefined;
  }

  /** After the commit that changed or deleted it. */
  forgetOne({ digest }: AccessToken): void {
    this.#byDigest.delete(digestIndex(digest));
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#byDigest.clear();
  }

  #endLogins({ principalId, createdAtMs }: AccessToken, by: PrincipalId): readonly AccessToken[] {
    const principal = idBlob(principalId);
    const expired = this.#writer.prepare(ENDED_LOGINS).all(principal, createdAtMs).map(tokenOf);
    for (const { id } of expired) this.#writer.prepare(DELETE).run(idBlob(id));
    const tooMany = this.#writer.prepare(OLDEST_LOGINS).all(principal, MAX_LOGINS_OF_PERSON).map(tokenOf);
    for (const token of tooMany) this.delete(token, by);
    return [...expired, ...tooMany];
  }

  #load(digest: Uint8Array): AccessToken | undefined {
    try {
      const row = this.#selectByDigest.get(digest);
      return row === undefined ? undefined : tokenOf(row);
    } catch (error) {
      throw toDomainError(error);
    }
  }

  #logChange(kind: string, { id, accountId, principalId }: AccessToken, by: PrincipalId): void {
    this.#log.appendEvent({ kind, accountId, by, details: { token: id, principal: principalId } });
  }
}

function digestIndex(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('latin1');
}
