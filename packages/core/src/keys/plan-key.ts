/** What has to be right before a key is made or taken in, and the record that it becomes. */
import type { Algorithm, KeyParameters } from '@countersign/algorithms/algorithm';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { DomainError } from '../domain-error.ts';
import { type GroupId, newId } from '../ids.ts';
import type { KeyOperation, KeyRecord } from '../key-record.ts';
import type { NewKey } from '../keys.ts';
import type { SealedKeyPair, SealingTerms } from '../ports/custody.ts';
import type { Directory, KeyStore } from '../ports/directory.ts';
import { type Caller, canSee, holdsPermission, type Permission, type Principal } from '../principal.ts';
import { checkKeyDescription, checkKeyName } from './check-key-text.ts';

/** A request that was found good: what to seal, and where it belongs. */
export interface KeyPlan {
  readonly request: NewKey;
  readonly groupId: GroupId;
  readonly terms: SealingTerms;
  /** With the algorithm's defaults. */
  readonly parameters: KeyParameters;
}

/** @throws DomainError */
export async function planKey(
  stores: { readonly keys: KeyStore; readonly directory: Directory },
  caller: Caller,
  request: NewKey,
  permission: 'create-key' | 'import-key',
): Promise<KeyPlan> {
  const { principal } = caller;
  if (request.name !== undefined) checkKeyName(request.name);
  if (request.persistence === 'transient' && caller.session === undefined)
    throw new DomainError('forbidden', 'transient keys live in a session; open one first');
  checkKeyDescription(request.description);
  const groupId = await groupForNewKey(stores.directory, principal, request.groupId, permission);
  const algorithm = findAlgorithm(request.algorithm);
  if (algorithm === undefined)
    throw new DomainError('not_supported', `algorithm ${request.algorithm} is not supported`);
  const parsed = algorithm.parseParameters(request.parameters);
  if (!parsed.ok) throw new DomainError('invalid_request', parsed.reason);
  const operations = operationsOf(algorithm, request);
  await refuseTakenName(stores.keys, principal, request);
  return { request, groupId, terms: termsOf(principal, { ...request, operations }), parameters: parsed.value };
}

/**
 * Cheap early refusal: the unique index is what decides, but an RSA key that can't be stored needn't be made.
 * @throws DomainError `conflict`
 */
export async function refuseTakenName(
  keys: KeyStore,
  { accountId }: Principal,
  { persistence, name }: Pick<NewKey, 'persistence' | 'name'>,
): Promise<void> {
  if (persistence !== 'stored' || name === undefined) return;
  const [taken] = await keys.resolve(accountId, [{ by: 'name', name }]);
  if (taken !== undefined)
    throw new DomainError('conflict', 'a key of this name exists already', { subject: 'unique-name' });
}

/** @throws DomainError `not_found` for a group that the principal can't see, `forbidden` for one without the permission */
export async function groupForNewKey(
  directory: Directory,
  principal: Principal,
  asked: GroupId | undefined,
  permission: Permission,
): Promise<GroupId> {
  const groupId = asked ?? principal.defaultGroupId;
  if (groupId === undefined) throw new DomainError('invalid_request', 'name a group; the caller has no default group');
  const visible = canSee(principal, { groupId }) && (await directory.group(principal.accountId, groupId)) !== undefined;
  if (!visible) throw new DomainError('not_found', 'no such group');
  if (!holdsPermission(principal, permission, { groupId }))
    throw new DomainError('forbidden', `the caller may not ${WORDS[permission] ?? permission} keys in this group`);
  return groupId;
}

const WORDS: { readonly [P in Permission]?: string } = { 'create-key': 'create', 'import-key': 'import' };

/** What is sealed into the key: the caller's choice, as far as the algorithm has it. @throws DomainError */
function operationsOf(algorithm: Algorithm, request: NewKey): readonly KeyOperation[] {
  const isMaster = request.master === true;
  if (isMaster && !algorithm.derivesChildren)
    throw new DomainError('not_supported', `keys of ${algorithm.name} have no children`);
  if (isMaster && request.persistence !== 'stored')
    throw new DomainError('invalid_request', 'a master key is stored: its children are found by it');
  if (request.operations.includes('derive-child'))
    throw new DomainError('invalid_request', 'a key that has children is asked for as a master key');
  // The one thing that such a key does; nobody has to know the word for it.
  if (algorithm.operation === 'derive') return ['derive'];
  if (request.operations.includes('derive'))
    throw new DomainError('invalid_request', `keys of ${algorithm.name} sign; they don't derive`);
  return isMaster ? [...request.operations, 'derive-child'] : request.operations;
}

export function termsOf(
  principal: Principal,
  request: Pick<NewKey, 'algorithm' | 'operations' | 'exportable'>,
): SealingTerms {
  return {
    keyId: newId(),
    accountId: principal.accountId,
    algorithm: request.algorithm,
    operations: request.operations,
    exportable: request.exportable,
  };
}

export function recordOf(
  principal: Principal,
  { request, groupId, terms }: Omit<KeyPlan, 'parameters'>,
  pair: SealedKeyPair,
  nowMs: number,
): KeyRecord {
  return {
    id: terms.keyId,
    accountId: terms.accountId,
    groupId,
    name: request.persistence === 'stored' ? request.name : undefined,
    description: request.description,
    algorithm: terms.algorithm,
    parameters: pair.parameters,
    custody: request.custody,
    persistence: request.persistence,
    publicKey: pair.publicKey,
    sealed: pair.sealed,
    operations: terms.operations,
    dialectAttributes: request.dialectAttributes,
    state: request.state,
    enabled: request.enabled,
    exportable: terms.exportable,
    deterministicSignatures: request.deterministicSignatures,
    allowSignDigest: request.allowSignDigest,
    verifyAfterSign: request.verifyAfterSign,
    derivedFrom: undefined,
    imported: false,
    exportedAtMs: undefined,
    delegatedTo: undefined,
    createdBy: principal.id,
    createdAtMs: nowMs,
    activatedAtMs: request.state === 'active' ? nowMs : undefined,
    lastUsedAtMs: undefined,
    version: 1,
  };
}
