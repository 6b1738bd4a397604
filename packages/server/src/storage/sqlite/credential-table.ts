/** Credentials of principals. What changes them runs inside the transactions of `GroupCommit`; counts are written with a later commit. */
import { DomainError } from '@countersign/core/domain-error';
import type { Credential } from '@countersign/core/identity/credential';
import type { AccountId, CredentialId, PrincipalId } from '@countersign/core/ids';
import { asDomainErrors } from './constraint-errors.ts';
import { credentialCells, credentialOf, INSERT_CREDENTIAL, publicKeyOf } from './credential-rows.ts';
import { idText } from './key-row.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

const MAX_CREDENTIALS_OF_PRINCIPAL = 1_000;
const MAX_PUBLIC_KEY_BYTES = 4_096;
const MAX_PENDING_COUNTS = 100_000;
const COUNTS_PER_COMMIT = 500;

const PRINCIPAL = 'SELECT 1 FROM principals WHERE id = ? AND account_id = ?';
const COUNT = 'SELECT count(*) AS count FROM credentials WHERE principal_id = ?';
const HAS_RAW_ID = 'SELECT 1 FROM credentials WHERE raw_id = ?';
const DEACTIVATE_ALL = 'UPDATE credentials SET active = 0 WHERE principal_id = ? AND active = 1 RETURNING id';
const SET_ACTIVE = 'UPDATE credentials SET active = ? WHERE id = ? AND active <> ?';
const HOLDER = 'SELECT principal_id, active FROM credentials WHERE id = ? AND account_id = ?';
const DELETE = 'DELETE FROM credentials WHERE id = ?';
const BY_ID = 'SELECT * FROM credentials WHERE id = ? AND account_id = ?';
const BY_RAW_ID = 'SELECT * FROM credentials WHERE raw_id = ?';
const OF_PRINCIPAL = 'SELECT * FROM credentials WHERE principal_id = ? AND account_id = ? ORDER BY created_at_ms, id';
/** A key has no count, and keeps none: in SQLite the maximum with NULL is NULL. */
const NOTE_COUNT = 'UPDATE credentials SET sign_count = max(sign_count, ?) WHERE id = ?';

export class CredentialTable {
  readonly #reader: SqliteConnection;
  readonly #writer: SqliteConnection;
  readonly #log: SqliteLog;
  /** Noted and not written yet. */
  readonly #counts = new Map<CredentialId, number>();

  constructor(reader: SqliteConnection, writer: SqliteConnection, log: SqliteLog) {
    this.#reader = reader;
    this.#writer = writer;
    this.#log = log;
  }

  find(accountId: AccountId, id: CredentialId): Credential | undefined {
    return this.#read(BY_ID, idBlob(id), idBlob(accountId))[0];
  }

  findPasskey(rawId: Uint8Array): Credential | undefined {
    return this.#read(BY_RAW_ID, rawId)[0];
  }

  ofPrincipal(accountId: AccountId, principalId: PrincipalId): readonly Credential[] {
    return this.#read(OF_PRINCIPAL, idBlob(principalId), idBlob(accountId));
  }

  /**
   * @throws DomainError `not_found` with subject `user`; `conflict` with subject `passkey` for one that somebody has, with
   * subject `credential` when the principal has 1,000; `invalid_request` for a public key of more than 4 KiB
   */
  insert(credential: Credential, by: PrincipalId): void {
    const { id, accountId, principalId, material } = credential;
    const publicKey = publicKeyOf(material);
    if (publicKey.length > MAX_PUBLIC_KEY_BYTES)
      throw new DomainError('invalid_request', 'the public key is too long', { subject: 'credential' });
    if (this.#writer.prepare(PRINCIPAL).get(idBlob(principalId), idBlob(accountId)) === undefined)
      throw new DomainError('not_found', 'no such user', { subject: 'user' });
    if (Number(this.#writer.prepare(COUNT).get(idBlob(principalId))?.['count']) >= MAX_CREDENTIALS_OF_PRINCIPAL)
      throw new DomainError('conflict', `a user has at most ${MAX_CREDENTIALS_OF_PRINCIPAL} credentials`, {
        subject: 'credential',
      });
    if (material.kind === 'passkey' && this.#writer.prepare(HAS_RAW_ID).get(material.rawId) !== undefined)
      throw new DomainError('conflict', 'the passkey is registered already', { subject: 'passkey' });
    asDomainErrors('credential', () => this.#writer.prepare(INSERT_CREDENTIAL).run(...credentialCells(credential)));
    // The key itself, so that the assertions in the log can be checked without the database.
    const publicKeyText = Buffer.from(publicKey).toString('base64');
    const details = { credential: id, principal: principalId, kind: material.kind, publicKey: publicKeyText };
    this.#log.appendEvent({ kind: 'credential-added', accountId, by, details });
  }

  deactivateAll(accountId: AccountId, principalId: PrincipalId, by: PrincipalId): void {
    for (const row of this.#writer.prepare(DEACTIVATE_ALL).all(idBlob(principalId)))
      this.#logChange('credential-deactivated', accountId, idText(row['id']) as CredentialId, principalId, by);
  }

  /** Whose it is, and whether that changed anything; undefined: no such credential. */
  setActive(
    accountId: AccountId,
    id: CredentialId,
    active: boolean,
    by: PrincipalId,
  ): { readonly principalId: PrincipalId; readonly changed: boolean } | undefined {
    const row = this.#writer.prepare(HOLDER).get(idBlob(id), idBlob(accountId));
    if (row === undefined) return undefined;
    const principalId = idText(row['principal_id']) as PrincipalId;
    const changed = this.#writer.prepare(SET_ACTIVE).run(Number(active), idBlob(id), Number(active)).changes === 1;
    if (changed)
      this.#logChange(active ? 'credential-activated' : 'credential-deactivated', accountId, id, principalId, by);
    return { principalId, changed };
  }

  delete(accountId: AccountId, id: CredentialId, principalId: PrincipalId, by: PrincipalId): void {
    this.#writer.prepare(DELETE).run(idBlob(id));
    this.#logChange('credential-deleted', accountId, id, principalId, by);
  }

  noteSignCount(id: CredentialId, signCount: number): void {
    const noted = this.#counts.get(id);
    if (noted === undefined && this.#counts.size >= MAX_PENDING_COUNTS) return;
    this.#counts.set(id, Math.max(noted ?? 0, signCount));
  }

  get hasPendingCounts(): boolean {
    return this.#counts.size > 0;
  }

  /** Inside a transaction. Returns what to do after the commit. */
  writeCounts(): () => void {
    const written = [...this.#counts].slice(0, COUNTS_PER_COMMIT);
    const statement = this.#writer.prepare(NOTE_COUNT);
    for (const [id, count] of written) statement.run(count, idBlob(id));
    return () => {
      for (const [id, count] of written) if (this.#counts.get(id) === count) this.#counts.delete(id);
    };
  }

  #read(statement: string, ...parameters: Uint8Array[]): readonly Credential[] {
    return this.#reader.read(statement, ...parameters).map((row) => this.#withCount(credentialOf(row)));
  }

  /** A count that was noted is never behind what a reader sees: it tells a copied authenticator. */
  #withCount(credential: Credential): Credential {
    const noted = this.#counts.get(credential.id);
    const { material } = credential;
    if (noted === undefined || material.kind !== 'passkey' || noted <= material.signCount) return credential;
    return { ...credential, material: { ...material, signCount: noted } };
  }

  #logChange(kind: string, accountId: AccountId, id: CredentialId, principalId: PrincipalId, by: PrincipalId): void {
    this.#log.appendEvent({ kind, accountId, by, details: { credential: id, principal: principalId } });
  }
}
