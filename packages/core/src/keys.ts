/** Commands on keys: make, open for one session or request, read, list, change, derive, move, delete. */
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { DomainError } from './domain-error.ts';
import type { GovernsKey } from './governance/governs-key.ts';
import type { GroupId, KeyId, PrincipalId } from './ids.ts';
import type { CustodyName, KeyOperation, KeyPersistence, KeyRecord } from './key-record.ts';
import { checkKeyName } from './keys/check-key-text.ts';
import { createDeriveChild } from './keys/child-keys.ts';
import { type Custodies, findCustody } from './keys/find-custody.ts';
import { changedMeanwhile, findKey, requireOnKey } from './keys/find-key.ts';
import { createKeyTransfers } from './keys/key-transfers.ts';
import { groupForNewKey, planKey, recordOf, termsOf } from './keys/plan-key.ts';
import { reachesKeys } from './policy/key-access.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import { administersAccount, type Caller, isAboutKeys } from './principal.ts';
import type { KeyReference } from './signing-item.ts';
import { openTransientKey, sealTransientKey } from './transient-key.ts';

export interface NewKey {
  /** 1 to 4096 characters on one line, not blank; undefined for none. */
  readonly name: string | undefined;
  readonly description: string;
  /** Undefined: the caller's default group. */
  readonly groupId: GroupId | undefined;
  readonly algorithm: string;
  readonly parameters: KeyParameters;
  readonly custody: CustodyName;
  readonly persistence: KeyPersistence;
  readonly operations: readonly KeyOperation[];
  readonly exportable: boolean;
  readonly enabled: boolean;
  readonly state: 'active' | 'pre-active';
  readonly deterministicSignatures: boolean | undefined;
  readonly allowSignDigest: boolean;
  readonly verifyAfterSign: boolean;
  readonly dialectAttributes: Readonly<Record<string, unknown>>;
  /** May have children (operation `derive-child`). */
  readonly master?: boolean;
}

/** A private key, encrypted to this server's import key or to the caller's own (RFC 9180, base mode). */
export interface HpkeMessage {
  /** The encapsulated key: 32 bytes (DHKEM(X25519, HKDF-SHA256)). */
  readonly enc: Uint8Array;
  /** AES-256-GCM. */
  readonly ciphertext: Uint8Array;
}

export interface Keys {
  /** Makes a key in its custody and stores it durably (unless transient). @throws DomainError */
  generate(caller: Caller, request: NewKey): Promise<KeyRecord>;
  /** A private key that came with a request, for that request only. @throws DomainError */
  openInline(caller: Caller, request: Pick<NewKey, 'algorithm' | 'custody'>, encoded: Uint8Array): Promise<KeyRecord>;
  /** What a session keeps of a transient key. @throws DomainError without a session */
  sealTransient(caller: Caller, key: KeyRecord): Uint8Array;
  /** The transient key that `sealTransient` gave to this session. @throws DomainError */
  openTransient(caller: Caller, blob: Uint8Array): KeyRecord;
  /** @throws DomainError `not_found` for unknown and for invisible keys alike */
  find(caller: Caller, reference: KeyReference): Promise<KeyRecord>;
  /** Visible keys in order of id, after `after`. */
  list(
    caller: Caller,
    page: { readonly after: KeyId | undefined; readonly limit: number },
  ): Promise<readonly KeyRecord[]>;
  /** Deletes a key and its private half; resolves with the key as it was. @throws DomainError */
  remove(caller: Caller, id: KeyId): Promise<KeyRecord>;
  /** A name, or none. Needs `manage-key`. @throws DomainError `conflict` with subject `unique-name` */
  rename(caller: Caller, id: KeyId, name: string | undefined): Promise<KeyRecord>;
  /** Gives the key to a person for good. Needs `delegate-key`. @throws DomainError `conflict` for one that is delegated already */
  delegate(caller: Caller, id: KeyId, to: PrincipalId): Promise<KeyRecord>;
  /**
   * A child by a non-hardened path of 1 to 16 indices: same algorithm, custody and group, never exportable, no master.
   * Without a path: the next free index below the parent. Needs `create-key` and `derive-child-key`.
   * @throws DomainError `conflict` with subject `derivation-path` for a path that was used, `key_not_usable` for a parent
   * that isn't a master
   */
  deriveChild(
    caller: Caller,
    parent: KeyId,
    path: readonly number[] | undefined,
    child: Pick<NewKey, 'name' | 'description' | 'dialectAttributes'>,
  ): Promise<KeyRecord>;
  /** The server's own key for `importEncrypted`: 32 bytes (X25519), the same for the life of the root key. */
  importPublicKey(): Promise<Uint8Array>;
  /** Info and associated data: see `docs/native-api.md`. Needs `import-key`. */
  importEncrypted(caller: Caller, request: NewKey, message: HpkeMessage): Promise<KeyRecord>;
  /**
   * To the caller's X25519 key of 32 bytes; for keys sealed as exportable. Needs `export-key`.
   * @throws DomainError `denied_by_policy` while a policy that can stop a signature matches the key
   */
  exportEncrypted(caller: Caller, id: KeyId, recipient: Uint8Array): Promise<HpkeMessage>;
}

export interface KeyDependencies {
  readonly keys: KeyStore;
  readonly directory: Directory;
  readonly custodies: Custodies;
  readonly now: () => number;
  /** Undefined only where there can't be any governing policy. */
  readonly governsKey: GovernsKey | undefined;
  /** Server option, off by default: private keys that come inside a request. */
  readonly allowInlineSign: boolean;
}

export function createKeys(dependencies: KeyDependencies): Keys {
  const { keys, directory, custodies, now } = dependencies;

  return {
    ...createKeyTransfers(dependencies),
    deriveChild: createDeriveChild(dependencies),

    async generate(caller, request) {
      const plan = await planKey(dependencies, caller, request, 'create-key');
      const pair = await findCustody(custodies, request.custody).generate(plan.terms, plan.parameters);
      const record = recordOf(caller.principal, plan, pair, now());
      if (request.persistence === 'stored') await keys.insert(record);
      return record;
    },

    async openInline(caller, request, encoded) {
      if (!dependencies.allowInlineSign)
        throw new DomainError(
          'forbidden',
          'signing with a private key inside the request is off (--allow-inline-sign)',
        );
      const { principal } = caller;
      const groupId = await groupForNewKey(directory, principal, undefined, 'create-key');
      const inline: NewKey = { ...INLINE_KEY, algorithm: request.algorithm, custody: request.custody };
      const terms = termsOf(principal, inline);
      const pair = await findCustody(custodies, request.custody).importKey(terms, encoded);
      return recordOf(principal, { request: inline, groupId, terms }, pair, now());
    },

    sealTransient(caller, key) {
      return sealTransientKey(bindingKeyOf(caller), key);
    },

    openTransient(caller, blob) {
      const record = openTransientKey(bindingKeyOf(caller), blob);
      if (record === undefined || record.accountId !== caller.principal.accountId)
        throw new DomainError('not_found', 'no such transient key in this session');
      return record;
    },

    find(caller, reference) {
      return findKey(keys, caller, reference);
    },

    async list(caller, page) {
      const { principal } = caller;
      const grants = principal.grants.filter(isAboutKeys);
      const everywhere = grants.some((grant) => grant.scope.kind === 'account');
      const groups = grants.flatMap(({ scope }) => (scope.kind === 'group' ? [scope.groupId] : []));
      const named = grants.flatMap(({ scope }) => (scope.kind === 'key' ? [scope.keyId] : []));
      const among = everywhere ? 'all' : { groups, keys: named };
      if (!everywhere && groups.length + named.length === 0 && !reachesKeys(principal)) return [];
      const viewer = administersAccount(principal) ? undefined : principal.id;
      return keys.list({ accountId: principal.accountId, among, viewer, ...page });
    },

    async remove(caller, id) {
      const key = await findKey(keys, caller, { by: 'id', id });
      requireOnKey(caller, 'delete-key', key, 'delete keys of this group');
      // Children of a master stay what they are: each has a seal of its own, and needs nothing of its parent's.
      if (!(await keys.remove(caller.principal.accountId, id, caller.principal.id)))
        throw new DomainError('not_found', 'no such key', { subject: 'key' });
      return key;
    },

    async rename(caller, id, name) {
      const key = await findKey(keys, caller, { by: 'id', id });
      requireOnKey(caller, 'manage-key', key, 'change keys of this group');
      if (name !== undefined) checkKeyName(name);
      const by = caller.principal.id;
      const renamed = await keys.change(key.accountId, id, key.version, { name: name ?? null }, by);
      if (renamed === undefined) throw changedMeanwhile();
      return renamed;
    },

    async delegate(caller, id, to) {
      const key = await findKey(keys, caller, { by: 'id', id });
      if (key.delegatedTo !== undefined)
        throw new DomainError('conflict', 'the key is delegated already, for good', { subject: 'key' });
      requireOnKey(caller, 'delegate-key', key, 'delegate keys of this group');
      const person = await directory.principal(to);
      if (person === undefined || person.accountId !== key.accountId || person.kind !== 'user' || !person.enabled)
        throw new DomainError('not_found', 'no such person', { subject: 'user' });
      const by = caller.principal.id;
      const delegated = await keys.change(key.accountId, id, key.version, { delegatedTo: to }, by);
      if (delegated === undefined) throw changedMeanwhile();
      return delegated;
    },
  };
}

const INLINE_KEY: NewKey = {
  name: undefined,
  description: '',
  groupId: undefined,
  algorithm: '',
  parameters: {},
  custody: '',
  persistence: 'inline',
  operations: ['sign', 'verify'],
  exportable: false,
  enabled: true,
  state: 'active',
  deterministicSignatures: undefined,
  allowSignDigest: true,
  verifyAfterSign: false,
  dialectAttributes: {},
};

function bindingKeyOf(caller: Caller): Uint8Array {
  if (caller.session === undefined)
    throw new DomainError('forbidden', 'transient keys live in a session; open one first');
  return caller.session.bindingKey;
}
