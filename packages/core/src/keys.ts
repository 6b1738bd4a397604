/** Commands on keys: make, open for one session or request, read, list, delete. */
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { DomainError } from './domain-error.ts';
import { type GroupId, type KeyId, newId, type PrincipalId } from './ids.ts';
import type { CustodyName, KeyOperation, KeyPersistence, KeyRecord } from './key-record.ts';
import type { Custody, SealingTerms } from './ports/custody.ts';
import type { Directory, KeyStore } from './ports/directory.ts';
import { type Caller, canSee, holdsPermission, type Principal } from './principal.ts';
import { resolveKeys } from './resolve-keys.ts';
import type { KeyReference } from './signing-item.ts';
import { openTransientKey, sealTransientKey } from './transient-key.ts';

export interface NewKey {
  /** Required for stored keys; 1 to 4096 characters on one line, not blank. */
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
  /** To the caller's X25519 key of 32 bytes; for keys sealed as exportable. Needs `export-key`. */
  exportEncrypted(caller: Caller, id: KeyId, recipient: Uint8Array): Promise<HpkeMessage>;
}

export interface KeyDependencies {
  readonly keys: KeyStore;
  readonly directory: Directory;
  readonly custodies: ReadonlyMap<string, Custody>;
  readonly now: () => number;
  /** Server option, off by default: private keys that come inside a request. */
  readonly allowInlineSign: boolean;
}

const MAX_NAME_CHARACTERS = 4096;
const MAX_DESCRIPTION_CHARACTERS = 4096;

export function createKeys(dependencies: KeyDependencies): Keys {
  const { keys, directory, now } = dependencies;

  return {
    async generate(caller, request) {
      const principal = caller.principal;
      if (request.persistence === 'stored') checkName(request.name);
      if (request.persistence === 'transient' && caller.session === undefined)
        throw new DomainError('forbidden', 'transient keys live in a session; open one first');
      if (request.description.length > MAX_DESCRIPTION_CHARACTERS || request.description.includes('\0'))
        throw new DomainError(
          'invalid_request',
          `a description has at most ${MAX_DESCRIPTION_CHARACTERS} characters, and no NUL`,
        );
      const groupId = await groupForNewKey(directory, principal, request.groupId);
      const algorithm = findAlgorithm(request.algorithm);
      if (algorithm === undefined)
        throw new DomainError('not_supported', `algorithm ${request.algorithm} is not supported`);
      const parsed = algorithm.parseParameters(request.parameters);
      if (!parsed.ok) throw new DomainError('invalid_request', parsed.reason);
      await refuseTakenName(keys, principal, request);
      const terms = termsOf(principal, request);
      const pair = await custodyOf(dependencies.custodies, request.custody).generate(terms, parsed.value);
      const record = recordOf(principal, request, groupId, terms, pair, now());
      if (request.persistence === 'stored') await keys.insert(record);
      return record;
    },

    async openInline(caller, request, encoded) {
      if (!dependencies.allowInlineSign)
        throw new DomainError(
          'forbidden',
          'signing with a private key inside the request is off (--allow-inline-sign)',
        );
      const principal = caller.principal;
      const groupId = await groupForNewKey(directory, principal, undefined);
      const inline: NewKey = {
        ...INLINE_KEY,
        algorithm: request.algorithm,
        custody: request.custody,
      };
      const terms = termsOf(principal, inline);
      const pair = await custodyOf(dependencies.custodies, request.custody).importKey(terms, encoded);
      return recordOf(principal, inline, groupId, terms, pair, now());
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

    async find(caller, reference) {
      const [key] = await resolveKeys(keys, caller.principal.accountId, caller.principal, [reference]);
      if (key === undefined) throw new DomainError('not_found', 'no such key');
      return key;
    },

    async list(caller, page) {
      const { principal } = caller;
      const everywhere = principal.grants.some((grant) => grant.scope.kind === 'account');
      const groups = principal.grants.flatMap(({ scope }) => (scope.kind === 'group' ? [scope.groupId] : []));
      const named = principal.grants.flatMap(({ scope }) => (scope.kind === 'key' ? [scope.keyId] : []));
      const among = everywhere ? 'all' : { groups, keys: named };
      return keys.list({ accountId: principal.accountId, among, ...page });
    },

    async remove(caller, id) {
      const key = await this.find(caller, { by: 'id', id });
      const target = { groupId: key.groupId, keyId: key.id };
      if (!holdsPermission(caller.principal, 'delete-key', target))
        throw new DomainError('forbidden', 'the caller may not delete keys of this group');
      if (!(await keys.remove(caller.principal.accountId, id, caller.principal.id)))
        throw new DomainError('not_found', 'no such key');
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

function checkName(name: string | undefined): void {
  if (name === undefined || name.replace(INVISIBLE, '') === '')
    throw new DomainError('invalid_request', 'a key needs a name that is not blank');
  // Characters as people count them, not UTF-16 units.
  if (name.length > 2 * MAX_NAME_CHARACTERS || [...name].length > MAX_NAME_CHARACTERS)
    throw new DomainError('invalid_request', `a name has at most ${MAX_NAME_CHARACTERS} characters`);
  if (MISLEADING.test(name))
    throw new DomainError('invalid_request', 'a name is one line without control or direction characters');
}

/** White space, and what looks like nothing. */
const INVISIBLE = /[\s\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/gu;
/** Line ends, NUL and the like, and what turns the direction of text: a name would pose as another in logs. */
const MISLEADING = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Cheap early refusal: the unique index is what decides, but an RSA key that can't be stored needn't be made. */
async function refuseTakenName(keys: KeyStore, principal: Principal, request: NewKey): Promise<void> {
  if (request.persistence !== 'stored' || request.name === undefined) return;
  const [taken] = await keys.resolve(principal.accountId, [{ by: 'name', name: request.name }]);
  if (taken !== undefined) throw new DomainError('conflict', 'a key of this name exists already');
}

async function groupForNewKey(
  directory: Directory,
  principal: Principal,
  asked: GroupId | undefined,
): Promise<GroupId> {
  const groupId = asked ?? principal.defaultGroupId;
  if (groupId === undefined) throw new DomainError('invalid_request', 'name a group; the caller has no default group');
  const visible = canSee(principal, { groupId }) && (await directory.group(principal.accountId, groupId)) !== undefined;
  if (!visible) throw new DomainError('not_found', 'no such group');
  if (!holdsPermission(principal, 'create-key', { groupId }))
    throw new DomainError('forbidden', 'the caller may not create keys in this group');
  return groupId;
}

function custodyOf(custodies: ReadonlyMap<string, Custody>, name: CustodyName): Custody {
  const custody = custodies.get(name);
  if (custody === undefined) throw new DomainError('not_supported', `custody ${name} is not configured on this server`);
  return custody;
}

function termsOf(principal: Principal, request: NewKey): SealingTerms {
  return {
    keyId: newId(),
    accountId: principal.accountId,
    algorithm: request.algorithm,
    operations: request.operations,
    exportable: request.exportable,
  };
}

function recordOf(
  principal: Principal,
  request: NewKey,
  groupId: GroupId,
  terms: SealingTerms,
  pair: { readonly sealed: Uint8Array; readonly publicKey: Uint8Array; readonly parameters: KeyParameters },
  nowMs: number,
): KeyRecord {
  return {
    id: terms.keyId,
    accountId: terms.accountId,
    groupId,
    name: request.persistence === 'stored' ? request.name : undefined,
    description: request.description,
    algorithm: request.algorithm,
    parameters: pair.parameters,
    custody: request.custody,
    persistence: request.persistence,
    publicKey: pair.publicKey,
    sealed: pair.sealed,
    operations: request.operations,
    dialectAttributes: request.dialectAttributes,
    state: request.state,
    enabled: request.enabled,
    exportable: request.exportable,
    deterministicSignatures: request.deterministicSignatures,
    allowSignDigest: request.allowSignDigest,
    verifyAfterSign: request.verifyAfterSign,
    createdBy: principal.id,
    createdAtMs: nowMs,
    activatedAtMs: request.state === 'active' ? nowMs : undefined,
    lastUsedAtMs: undefined,
    version: 1,
  };
}

function bindingKeyOf(caller: Caller): Uint8Array {
  if (caller.session === undefined)
    throw new DomainError('forbidden', 'transient keys live in a session; open one first');
  return caller.session.bindingKey;
}
