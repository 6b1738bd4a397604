import type { SQLInputValue } from 'node:sqlite';
import type { Account } from '@countersign/core/account';
import { DomainError } from '@countersign/core/domain-error';
import type { AccountId, GroupId, KeyId, PrincipalId, WalletId } from '@countersign/core/ids';
import type { Page, PageQuery } from '@countersign/core/page';
import type { WalletStore } from '@countersign/core/ports/wallet-store';
import type { Wallet } from '@countersign/core/wallets/wallet';
import { GenerationCache } from '../generation-cache.ts';
import { asDomainErrors } from './constraint-errors.ts';
import type { GroupCommit } from './group-commit.ts';
import { idText } from './key-row.ts';
import { readPage } from './read-page.ts';
import { idCell, numberCell, optionalNumberCell, optionalTextCell, type Row, textCell } from './row-cells.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface SqliteWalletStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
  /** The account's cached copy is out of date. */
  readonly onRevision: (accountId: AccountId) => void;
}

/** What is known of the wallets of an account's keys, for one revision of the account. */
interface KnownWallets {
  readonly revision: number;
  readonly hasAny: boolean;
  readonly byKey: GenerationCache<string, readonly Wallet[]>;
}

const CACHED_ACCOUNTS = 1_000;
const CACHED_KEYS = 100_000;
const WRITE_BYTES = 16_384;
/** All of them are read for every item that a key signs. */
const MAX_WALLETS_OF_KEY = 1_000;
const FROM_START = new Uint8Array(0);
const NO_WALLETS: readonly Wallet[] = [];

/** Group and delegate come from the key, which is of the same account or missing. */
const INSERT = `INSERT INTO wallets (id, account_id, key_id, group_id, delegated_to, network, chain, address, name, tags,
    external_id, created_by, created_at_ms, archived_at_ms)
  SELECT ?, account_id, id, group_id, delegated_to, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM keys WHERE id = ? AND account_id = ?`;
const COUNT_OF_KEY = 'SELECT count(*) AS count FROM wallets WHERE key_id = ?';
const BY_ID = 'SELECT * FROM wallets WHERE id = ? AND account_id = ?';
const BY_EXTERNAL_ID = 'SELECT * FROM wallets WHERE account_id = ? AND external_id = ?';
const OF_ACCOUNT = 'account_id = ?';
const OF_GROUP = 'group_id = ? AND account_id = ?';
const OF_ONE_KEY = 'key_id = ? AND account_id = ?';
const OF_DELEGATE = 'delegated_to = ? AND account_id = ?';
const OPEN = ' AND delegated_to IS NULL';
const OF_KEY = 'SELECT * FROM wallets WHERE key_id = ? AND account_id = ? ORDER BY id';
const HAS_ANY = 'SELECT 1 FROM wallets WHERE account_id = ? LIMIT 1';
const BUMP_REVISION = 'UPDATE accounts SET revision = revision + 1 WHERE id = ?';

export class SqliteWalletStore implements WalletStore {
  readonly #parts: SqliteWalletStoreParts;
  readonly #known = new GenerationCache<string, KnownWallets>(CACHED_ACCOUNTS);

  constructor(parts: SqliteWalletStoreParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `not_found` with subject `key` where the account hasn't got it; `conflict` when the key has 1,000 wallets */
  async insert(wallet: Wallet, by: PrincipalId): Promise<void> {
    const { commits, onRevision } = this.#parts;
    await commits.submit(
      WRITE_BYTES,
      () => this.#insert(wallet, by),
      () => onRevision(wallet.accountId),
    );
  }

  async find(accountId: AccountId, id: WalletId): Promise<Wallet | undefined> {
    return this.#read(BY_ID, idBlob(id), idBlob(accountId)).map(walletOf)[0];
  }

  async byExternalId(accountId: AccountId, externalId: string): Promise<Wallet | undefined> {
    return this.#read(BY_EXTERNAL_ID, idBlob(accountId), externalId).map(walletOf)[0];
  }

  async list(
    query: PageQuery<WalletId> & {
      readonly accountId: AccountId;
      readonly among: 'all' | { readonly groups: readonly GroupId[]; readonly keys: readonly KeyId[] };
      readonly viewer?: PrincipalId | undefined;
    },
  ): Promise<Page<Wallet>> {
    const { among, viewer, limit } = query;
    const account = idBlob(query.accountId);
    const after = query.after === undefined ? FROM_START : idBlob(query.after);
    const open = viewer === undefined ? '' : OPEN;
    // One index look-up for each group and key: a filter would read all wallets of the account to find a small group's.
    return readPage(
      limit,
      (count) => {
        const ids = (where: string, ...cells: Uint8Array[]): string[] =>
          this.#read(
            `SELECT id FROM wallets WHERE ${where} AND id > ? ORDER BY id LIMIT ?`,
            ...cells,
            after,
            count,
          ).map((row) => idText(row['id']));
        const found = [
          ...(among === 'all'
            ? ids(OF_ACCOUNT + open, account)
            : [
                ...among.groups.flatMap((group) => ids(OF_GROUP + open, idBlob(group), account)),
                ...among.keys.flatMap((key) => ids(OF_ONE_KEY + open, idBlob(key), account)),
              ]),
          ...(viewer === undefined ? [] : ids(OF_DELEGATE, idBlob(viewer), account)),
        ];
        const page = [...new Set(found)].sort().slice(0, count);
        return page.flatMap((id) => this.#read(BY_ID, idBlob(id), account));
      },
      walletOf,
    );
  }

  /** Reads and remembers in one turn, so that none of our own writes can come between. */
  ofKeys(account: Pick<Account, 'id' | 'revision'>, keys: readonly KeyId[]): readonly (readonly Wallet[])[] {
    const known = this.#knownOf(account);
    return keys.map((key) => (known.hasAny ? this.#ofKey(known, account.id, key) : NO_WALLETS));
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#known.clear();
  }

  #insert(wallet: Wallet, by: PrincipalId): void {
    const { writer, log } = this.#parts;
    const { id, accountId, keyId, network, externalId } = wallet;
    const account = idBlob(accountId);
    if (externalId !== undefined && writer.prepare(BY_EXTERNAL_ID).get(account, externalId) !== undefined)
      throw new DomainError('conflict', 'the external id is taken', { subject: 'external-id' });
    if (Number(writer.prepare(COUNT_OF_KEY).get(idBlob(keyId))?.['count']) >= MAX_WALLETS_OF_KEY)
      throw new DomainError('conflict', `a key has at most ${MAX_WALLETS_OF_KEY} wallets`, { subject: 'wallet' });
    const { changes } = asDomainErrors('wallet', () =>
      writer
        .prepare(INSERT)
        .run(
          idBlob(id),
          network,
          wallet.chain ?? null,
          wallet.address ?? null,
          wallet.name ?? null,
          JSON.stringify(wallet.tags),
          externalId ?? null,
          idBlob(wallet.createdBy),
          wallet.createdAtMs,
          wallet.archivedAtMs ?? null,
          idBlob(keyId),
          account,
        ),
    );
    if (changes !== 1) throw new DomainError('not_found', 'no such key', { subject: 'key' });
    writer.prepare(BUMP_REVISION).run(account);
    const details = { wallet: id, key: keyId, network, address: wallet.address ?? null };
    log.appendEvent({ kind: 'wallet-created', accountId, by, details });
  }

  #knownOf({ id, revision }: Pick<Account, 'id' | 'revision'>): KnownWallets {
    const known = this.#known.get(id);
    if (known?.revision === revision) return known;
    const hasAny = this.#read(HAS_ANY, idBlob(id)).length > 0;
    const fresh: KnownWallets = { revision, hasAny, byKey: new GenerationCache(CACHED_KEYS) };
    this.#known.set(id, fresh);
    return fresh;
  }

  #ofKey({ byKey }: KnownWallets, accountId: AccountId, key: KeyId): readonly Wallet[] {
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const rows = this.#read(OF_KEY, idBlob(key), idBlob(accountId));
    const wallets = rows.length === 0 ? NO_WALLETS : rows.map(walletOf);
    byKey.set(key, wallets);
    return wallets;
  }

  #read(statement: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#parts.reader.read(statement, ...parameters);
  }
}

function walletOf(row: Row): Wallet {
  return {
    id: idCell<WalletId>(row, 'id'),
    accountId: idCell<AccountId>(row, 'account_id'),
    keyId: idCell<KeyId>(row, 'key_id'),
    network: textCell(row, 'network'),
    chain: optionalTextCell(row, 'chain'),
    address: optionalTextCell(row, 'address'),
    name: optionalTextCell(row, 'name'),
    tags: JSON.parse(textCell(row, 'tags')) as string[],
    externalId: optionalTextCell(row, 'external_id'),
    createdBy: idCell<PrincipalId>(row, 'created_by'),
    createdAtMs: numberCell(row, 'created_at_ms'),
    archivedAtMs: optionalNumberCell(row, 'archived_at_ms'),
  };
}
