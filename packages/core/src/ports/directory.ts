import type { Account } from '../account.ts';
import type { AccountId, GroupId, KeyId, PrincipalId } from '../ids.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Grant, Principal } from '../principal.ts';
import type { KeyReference } from '../signing-item.ts';

export interface Group {
  readonly id: GroupId;
  readonly accountId: AccountId;
  readonly name: string;
  readonly createdBy: PrincipalId;
  readonly createdAtMs: number;
}

/** A bearer session. The token itself is never stored, only its SHA-256. */
export interface Session {
  readonly tokenDigest: Uint8Array;
  readonly principalId: PrincipalId;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** Which keys of an account to list. */
export interface KeyQuery {
  readonly accountId: AccountId;
  /** `all`, or those in any of the groups together with those named. */
  readonly among: 'all' | { readonly groups: readonly GroupId[]; readonly keys: readonly KeyId[] };
  /** Exclusive. */
  readonly after: KeyId | undefined;
  readonly limit: number;
}

/** Stored keys. Answers may be cached by account revision; every write is durable when the promise resolves. */
export interface KeyStore {
  /**
   * Resolves many references of one account at once, in order; undefined for an unknown one. `by: 'record'` isn't
   * passed here. Destroyed keys are found; deleted ones aren't.
   */
  resolve(accountId: AccountId, references: readonly KeyReference[]): Promise<readonly (KeyRecord | undefined)[]>;
  /** @throws DomainError `conflict` when the name is taken in the account */
  insert(key: KeyRecord): Promise<void>;
  /** Removes the row and its sealed key. Bumps the account's revision. false: no such key, or another version. */
  remove(accountId: AccountId, id: KeyId, by: PrincipalId): Promise<boolean>;
  /** In order of id, ascending. */
  list(query: KeyQuery): Promise<readonly KeyRecord[]>;
  /** Notes the last use; not durable at once (advisory), flushed with a later commit. */
  touch(ids: readonly KeyId[], atMs: number): void;
}

/** Accounts, groups, principals, credentials and sessions. */
export interface Directory {
  account(id: AccountId): Promise<Account | undefined>;
  principal(id: PrincipalId): Promise<Principal | undefined>;
  /** The SHA-256 of the principal's API key secret; undefined where it has none. */
  apiKeyDigest(id: PrincipalId): Promise<Uint8Array | undefined>;
  group(accountId: AccountId, id: GroupId): Promise<Group | undefined>;
  /** The first account with its group and administrator, in one transaction: all of them or none. */
  install(installation: {
    readonly account: Account;
    readonly group: Group;
    readonly administrator: Principal;
    readonly apiKeyDigest: Uint8Array;
  }): Promise<void>;
  insertAccount(account: Account): Promise<void>;
  insertGroup(group: Group): Promise<void>;
  insertPrincipal(principal: Principal, apiKeyDigest: Uint8Array | undefined, createdAtMs: number): Promise<void>;
  /** Replaces all grants; bumps the account's revision. */
  setGrants(accountId: AccountId, id: PrincipalId, grants: readonly Grant[]): Promise<void>;
  updateAccountSettings(id: AccountId, settings: Account['settings']): Promise<void>;
  /** The only account of a fresh installation, or undefined on an empty database. */
  firstAccount(): Promise<Account | undefined>;

  insertSession(session: Session): Promise<void>;
  session(tokenDigest: Uint8Array): Promise<Session | undefined>;
  /** Moves the expiry; needn't be durable at once. */
  extendSession(tokenDigest: Uint8Array, expiresAtMs: number): Promise<void>;
  removeSession(tokenDigest: Uint8Array): Promise<void>;
}
