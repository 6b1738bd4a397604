/** The tables as Kysely sees them. Ids are 16 bytes, times milliseconds, booleans 0 or 1, lists and records JSON text. */
export interface AccountsTable {
  readonly id: Uint8Array;
  readonly name: string;
  readonly settings: string;
  readonly created_at_ms: number;
  readonly revision: number;
}

export interface GroupsTable {
  readonly id: Uint8Array;
  readonly account_id: Uint8Array;
  readonly name: string;
  readonly created_by: Uint8Array;
  readonly created_at_ms: number;
}

export interface PrincipalsTable {
  readonly id: Uint8Array;
  readonly account_id: Uint8Array;
  readonly kind: string;
  readonly name: string;
  readonly enabled: number;
  readonly default_group_id: Uint8Array | null;
  readonly created_at_ms: number;
  readonly created_by: Uint8Array | null;
  readonly external_id: string | null;
}

export interface ApiKeysTable {
  readonly digest: Uint8Array;
  readonly principal_id: Uint8Array;
  readonly created_at_ms: number;
}

export interface GrantsTable {
  readonly principal_id: Uint8Array;
  readonly ordinal: number;
  readonly scope_kind: string;
  readonly scope_id: Uint8Array | null;
  readonly permissions: string;
}

export interface SessionsTable {
  readonly token_digest: Uint8Array;
  readonly principal_id: Uint8Array;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
}

export interface MetaTable {
  readonly name: string;
  readonly value: Uint8Array;
}

/** `keys`, `key_uses`, the log's and the threshold tables are reached by prepared statements alone: see the files that hold them. */
export interface Schema {
  readonly meta: MetaTable;
  readonly accounts: AccountsTable;
  readonly groups: GroupsTable;
  readonly principals: PrincipalsTable;
  readonly api_keys: ApiKeysTable;
  readonly grants: GrantsTable;
  readonly sessions: SessionsTable;
}
