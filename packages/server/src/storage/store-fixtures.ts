/** What the tests of stores put into them. */
import { randomBytes } from 'node:crypto';
import type { Account } from '@countersign/core/account';
import { type AccountId, type GroupId, type KeyId, newId, type PrincipalId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { Group } from '@countersign/core/ports/directory';
import type { Intent, IntentReceipt, OutcomeItem } from '@countersign/core/ports/signing-journal';
import type { ThresholdFacts, ThresholdShare } from '@countersign/core/ports/threshold-store';
import type { Principal } from '@countersign/core/principal';
import type { Store } from './store.ts';

export interface Household {
  readonly account: Account;
  readonly group: Group;
  readonly administrator: Principal;
  readonly apiKeyDigest: Uint8Array;
}

export function newHousehold(): Household {
  const accountId = newId<AccountId>();
  const groupId = newId<GroupId>();
  const principalId = newId<PrincipalId>();
  return {
    account: { id: accountId, name: 'Default', settings: { allowLegacy: [] }, createdAtMs: 1_000, revision: 1 },
    group: { id: groupId, accountId, name: 'Default', createdBy: principalId, createdAtMs: 1_001 },
    administrator: {
      id: principalId,
      accountId,
      kind: 'service',
      name: 'administrator',
      enabled: true,
      defaultGroupId: groupId,
      grants: [
        { scope: { kind: 'account' }, permissions: ['administer'] },
        { scope: { kind: 'group', groupId }, permissions: ['sign', 'verify'] },
      ],
      requiresProof: false,
    },
    apiKeyDigest: randomBytes(32),
  };
}

export function newKey({ account, group, administrator }: Household, changes: Partial<KeyRecord> = {}): KeyRecord {
  const id = newId<KeyId>();
  return {
    id,
    accountId: account.id,
    groupId: group.id,
    name: `key ${id}`,
    description: 'for tests',
    algorithm: 'rsa',
    parameters: { modulusBits: 2048, publicExponent: 65537 },
    custody: 'vault',
    persistence: 'stored',
    publicKey: randomBytes(65),
    sealed: randomBytes(150),
    operations: ['sign', 'verify'],
    dialectAttributes: { keyOps: ['SIGN', 'VERIFY'], nested: { a: 1 } },
    state: 'active',
    enabled: true,
    exportable: false,
    deterministicSignatures: undefined,
    allowSignDigest: true,
    verifyAfterSign: false,
    imported: false,
    createdBy: administrator.id,
    createdAtMs: 1_700_000_000_000,
    activatedAtMs: 1_700_000_000_001,
    lastUsedAtMs: undefined,
    version: 1,
    ...changes,
  };
}

/** A share before its key generation. */
export function newShare(
  { account, group, administrator }: Household,
  changes: Partial<ThresholdShare> = {},
): ThresholdShare {
  const id = newId<KeyId>();
  return {
    id,
    accountId: account.id,
    groupId: group.id,
    createdBy: administrator.id,
    name: `share ${id}`,
    algorithm: 'bip340',
    status: 'created',
    keygenId: randomBytes(200).toString('base64url'),
    sealed: randomBytes(300),
    facts: undefined,
    successor: undefined,
    createdAtMs: 1_700_000_000_000,
    version: 1,
    ...changes,
  };
}

export function newFacts(changes: Partial<ThresholdFacts> = {}): ThresholdFacts {
  return {
    threshold: 2,
    parties: [0, 1, 2].map((index) => ({
      identity: randomBytes(32),
      channelKey: randomBytes(32),
      perKeyPublic: randomBytes(33),
      index,
      publicShare: randomBytes(33),
    })),
    index: 1,
    groupKey: randomBytes(33),
    chainCode: randomBytes(32),
    epoch: 0,
    origin: 'generated',
    specification: 'a draft, at some revision',
    parametersHash: randomBytes(32),
    publicEvidence: randomBytes(500),
    ...changes,
  };
}

/** The share as its next version: complete, with facts. */
export function completed(share: ThresholdShare, changes: Partial<ThresholdShare> = {}): ThresholdShare {
  const version = share.version + 1;
  return { ...share, status: 'complete', sealed: randomBytes(400), facts: newFacts(), version, ...changes };
}

/** The row of a complete share's key. */
export function newKeyOfShare(home: Household, share: ThresholdShare, changes: Partial<KeyRecord> = {}): KeyRecord {
  const { id, groupId, name, algorithm } = share;
  return newKey(home, {
    id,
    groupId,
    name,
    algorithm,
    parameters: {},
    custody: 'threshold',
    sealed: randomBytes(16),
    ...changes,
  });
}

export function newIntent({ account, administrator }: Household, items: number, refused = 0): Intent {
  return {
    accountId: account.id,
    accountRevision: account.revision,
    principalId: administrator.id,
    dialect: 'dsm',
    items: Array.from({ length: items }, () => ({
      keyId: newId<KeyId>(),
      keyVersion: 1,
      payloadDigest: randomBytes(32),
    })),
    refused: Array.from({ length: refused }, () => ({
      keyId: newId<KeyId>(),
      payloadDigest: randomBytes(32),
      code: 'denied_by_policy',
    })),
  };
}

export function signedOutcomes(count: number): OutcomeItem[] {
  return Array.from({ length: count }, () => ({ status: 'signed', signatureDigest: randomBytes(32) }));
}

/** Records an intent that must not be stale. */
export async function recordIntent(store: Store, intent: Intent): Promise<IntentReceipt> {
  const outcome = await store.journal.recordIntent(intent);
  if (!outcome.recorded) throw new Error('the intent was found stale');
  return outcome.receipt;
}
