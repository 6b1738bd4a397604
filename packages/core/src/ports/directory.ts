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

/** A principal as a list shows it. */
export interface PrincipalEntry {
  readonly id: PrincipalId;
  readonly kind: Principal['kind'];
  readonly name: string;
  readonly enabled: boolean;
  /** Name of its default group, where it has one. */
  readonly defaultGroupName: string | undefined;
  readonly apiKeyCount: number;
  readonly createdAtMs: number;
}

/** A principal that comes with a group of its own, which is its default group. */
export interface NewUser {
  readonly principal: Principal;
  readonly group: Group;
  readonly apiKeyDigest: Uint8Array;
  readonly createdAtMs: number;
  /** Who makes it. */
  readonly by: PrincipalId;
}

/** Which keys of an account to list. */
export interface KeyQuery {
  readonly accountId: AccountId;
  /** `all`, or those in any of the groups together with those named. */
  readonly among: 'all' | { readonly groups: readonly GroupId[]; readonly keys: readonly KeyId[] };
  /**
   * Who looks: keys delegated to others are left out, and those delegated to it are in, whatever `among` says. Undefined:
   * delegation makes no difference.
   */
  readonly viewer?: PrincipalId | undefined;
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
  /** @throws DomainError `conflict` when the name is taken in the account, or (subject `derivation-path`) the child's path */
  insert(key: KeyRecord): Promise<void>;
  /**
   * Changes that need no new seal, where the version still is `version`; bumps the account's revision. Undefined: no such
   * key, or another version. @throws DomainError `conflict` with subject `unique-name`
   */
  change(
    accountId: AccountId,
    id: KeyId,
    version: number,
    change: {
      readonly name?: string | null;
      readonly delegatedTo?: PrincipalId;
      readonly exportedAtMs?: number;
    },
    by: PrincipalId,
  ): Promise<KeyRecord | undefined>;
  /** The highest last index among the children directly below `parent`; undefined: it has none. */
  highestChildIndex(accountId: AccountId, parent: KeyId): Promise<number | undefined>;
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
  /** The SHA-256 of the secrets of the principal's API keys, 32 at most; empty where it has none. */
  apiKeyDigests(id: PrincipalId): Promise<readonly Uint8Array[]>;
  /**
   * Gives a principal one more API key.
   * @throws DomainError `conflict` when it is there already or the principal has 32, `not_found` without the principal
   */
  insertApiKey(
    principalId: PrincipalId,
    digest: Uint8Array,
    creation: { readonly createdAtMs: number; readonly by: PrincipalId },
  ): Promise<void>;
  /**
   * Takes an API key away and ends the principal's sessions: which key opened a session isn't known. false: no such key.
   * @throws DomainError `conflict` when it is the last one and `keepLast` is given
   */
  removeApiKey(
    principalId: PrincipalId,
    digest: Uint8Array,
    removal: { readonly by: PrincipalId; readonly keepLast: boolean },
  ): Promise<boolean>;
  /**
   * A principal with its group and API key, all or none of them.
   * @throws DomainError `conflict` when a principal of the account has the name, or the account has 100,000
   */
  insertUser(user: NewUser): Promise<void>;
  /**
   * Deletes a principal with its group, API keys, grants and sessions; bumps the account's revision. false: no such
   * principal with this default group.
   * @throws DomainError `conflict` while the group has keys, the principal has threshold shares, or another one has the
   * group as its default
   */
  removeUser(user: {
    readonly accountId: AccountId;
    readonly principalId: PrincipalId;
    readonly groupId: GroupId;
    readonly by: PrincipalId;
  }): Promise<boolean>;
  /** The account's principals in order of id, after `after` (exclusive); at most 10,000. */
  principals(query: {
    readonly accountId: AccountId;
    readonly after: PrincipalId | undefined;
    readonly limit: number;
  }): Promise<readonly PrincipalEntry[]>;
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
