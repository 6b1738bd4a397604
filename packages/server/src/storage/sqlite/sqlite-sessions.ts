import type { PrincipalId } from '@countersign/core/ids';
import type { Session } from '@countersign/core/ports/directory';
import type { Kysely } from 'kysely';
import { GenerationCache } from '../generation-cache.ts';
import { idText } from './key-row.ts';
import { kyselyOn } from './node-sqlite-dialect.ts';
import type { Schema } from './schema.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { idBlob } from './sqlite-log.ts';

export interface SqliteSessionsParts {
  readonly reader: SqliteConnection;
  readonly writer: SqliteConnection;
  readonly now: () => number;
}

const CACHED_SESSIONS = 20_000;
/** Ended sessions stay this long, so that their callers are told what happened. */
const KEEP_ENDED_SESSIONS_MS = 24 * 60 * 60 * 1000;
const ENDED_SESSIONS_PER_COMMIT = 200;
const MAX_PENDING_EXTENSIONS = 100_000;
const EXTENSIONS_PER_COMMIT = 500;

/** The directory's sessions. What changes them runs inside its transactions; expiries are moved with a later commit. */
export class SqliteSessions {
  readonly #parts: SqliteSessionsParts;
  readonly #db: Kysely<Schema>;
  readonly #sessions = new GenerationCache<string, Session>(CACHED_SESSIONS);
  // Expiries that were moved and aren't written yet; a session that is read gets its own from here.
  readonly #extensions = new Map<string, { readonly tokenDigest: Uint8Array; readonly expiresAtMs: number }>();

  constructor(parts: SqliteSessionsParts) {
    this.#parts = parts;
    this.#db = kyselyOn<Schema>(parts.reader);
  }

  /** Inside a transaction. */
  insert(session: Session): void {
    this.#parts.writer.run(
      this.#db.insertInto('sessions').values({
        token_digest: session.tokenDigest,
        principal_id: idBlob(session.principalId),
        created_at_ms: Math.ceil(session.createdAtMs),
        expires_at_ms: Math.ceil(session.expiresAtMs),
      }),
    );
  }

  find(tokenDigest: Uint8Array): Session | undefined {
    const index = sessionIndex(tokenDigest);
    const session = this.#sessions.get(index) ?? this.#load(index, tokenDigest);
    const extension = this.#extensions.get(index);
    return session === undefined || extension === undefined
      ? session
      : { ...session, expiresAtMs: extension.expiresAtMs };
  }

  extend(tokenDigest: Uint8Array, expiresAtMs: number): void {
    const index = sessionIndex(tokenDigest);
    if (this.#extensions.size >= MAX_PENDING_EXTENSIONS && !this.#extensions.has(index)) return;
    this.#extensions.set(index, { tokenDigest: Uint8Array.from(tokenDigest), expiresAtMs: Math.ceil(expiresAtMs) });
  }

  /** Inside a transaction. Returns what to do after the commit. */
  remove(tokenDigest: Uint8Array): () => void {
    this.#parts.writer.run(this.#db.deleteFrom('sessions').where('token_digest', '=', tokenDigest));
    return () => {
      const index = sessionIndex(tokenDigest);
      this.#sessions.delete(index);
      this.#extensions.delete(index);
    };
  }

  /** Inside a transaction: ends all sessions of a principal. Returns what to do after the commit. */
  removeOf(principalId: PrincipalId): () => void {
    this.#parts.writer.run(this.#db.deleteFrom('sessions').where('principal_id', '=', idBlob(principalId)));
    return () => this.forget();
  }

  get hasPendingExtensions(): boolean {
    return this.#extensions.size > 0;
  }

  /** Inside a transaction: writes some of the moved expiries and drops some old sessions. Returns what to do after the commit. */
  writeExtensions(): () => void {
    const { writer, now } = this.#parts;
    const written = [...this.#extensions].slice(0, EXTENSIONS_PER_COMMIT);
    for (const [, { tokenDigest, expiresAtMs }] of written)
      writer.run(
        this.#db.updateTable('sessions').set({ expires_at_ms: expiresAtMs }).where('token_digest', '=', tokenDigest),
      );
    const ended = this.#db
      .selectFrom('sessions')
      .select('token_digest')
      .where('expires_at_ms', '<', Math.floor(now() - KEEP_ENDED_SESSIONS_MS))
      .limit(ENDED_SESSIONS_PER_COMMIT);
    writer.run(this.#db.deleteFrom('sessions').where('token_digest', 'in', ended));
    return () => {
      for (const [index, extension] of written) {
        this.#sessions.delete(index);
        if (this.#extensions.get(index) === extension) this.#extensions.delete(index);
      }
    };
  }

  /** Somebody else may have written. */
  forget(): void {
    this.#sessions.clear();
  }

  #load(index: string, tokenDigest: Uint8Array): Session | undefined {
    const row = this.#parts.reader.first(
      this.#db.selectFrom('sessions').selectAll().where('token_digest', '=', tokenDigest),
    );
    if (row === undefined) return undefined;
    const session = {
      tokenDigest: row.token_digest,
      principalId: idText(row.principal_id) as PrincipalId,
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms,
    };
    this.#sessions.set(index, session);
    return session;
  }
}

function sessionIndex(tokenDigest: Uint8Array): string {
  return Buffer.from(tokenDigest.buffer, tokenDigest.byteOffset, tokenDigest.byteLength).toString('latin1');
}
