import type { AccountId, PrincipalId } from '@countersign/core/ids';
import type { Cluster, ClusterStore } from '@countersign/core/ports/cluster-store';
import type { GroupCommit } from './group-commit.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob, type SqliteLog } from './sqlite-log.ts';

export interface SqliteClusterStoreParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly commits: GroupCommit;
  readonly log: SqliteLog;
}

const FIND = 'SELECT others FROM clusters WHERE account_id = ? AND name = ?';
const PUT = 'INSERT OR REPLACE INTO clusters (account_id, name, others) VALUES (?, ?, ?)';
const WRITE_BYTES = 8192;

export class SqliteClusterStore implements ClusterStore {
  readonly #parts: SqliteClusterStoreParts;

  constructor(parts: SqliteClusterStoreParts) {
    this.#parts = parts;
  }

  async find(accountId: AccountId, name: string): Promise<Cluster | undefined> {
    const row = this.#parts.reader.prepare(FIND).get(idBlob(accountId), name);
    if (row === undefined) return undefined;
    return { accountId, name, othersKeygenIds: JSON.parse(String(row['others'])) as readonly string[] };
  }

  async put({ accountId, name, othersKeygenIds }: Cluster, by: PrincipalId): Promise<void> {
    const { commits, writer, log } = this.#parts;
    await commits.submit(WRITE_BYTES, () => {
      writer.prepare(PUT).run(idBlob(accountId), name, JSON.stringify(othersKeygenIds));
      log.appendEvent({
        kind: 'cluster-defined',
        accountId,
        by,
        details: { name, others: othersKeygenIds.join(' ') },
      });
    });
  }
}
