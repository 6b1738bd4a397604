/** Requests, approvals, policies and changes for the tests of stores. */
import { randomBytes } from 'node:crypto';
import type { Approval, Decision, RequiredGroup } from '@countersign/core/governance/approval';
import type { ChangeRequest } from '@countersign/core/governance/change-request';
import type { ReservedSpend } from '@countersign/core/governance/governance-verdict';
import type { GoverningPolicy } from '@countersign/core/governance/governing-policy';
import {
  type ApprovalId,
  type ChangeId,
  type CredentialId,
  type GoverningPolicyId,
  type KeyId,
  newId,
  newOrderedId,
  type PrincipalId,
  type RequestId,
  type TokenId,
  type WalletId,
} from '@countersign/core/ids';
import type {
  Diverted,
  Intent,
  IntentItem,
  IntentReceipt,
  RequestCompletion,
} from '@countersign/core/ports/signing-journal';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import type { Store } from './store.ts';
import { type Household, newIntent } from './store-fixtures.ts';

/** As the core makes them before they are stored: every field that may be there is, unless `changes` says otherwise. */
export function newRequest(home: Household, changes: Partial<SignatureRequest> = {}): SignatureRequest {
  return {
    id: newOrderedId<RequestId>(),
    accountId: home.account.id,
    keyId: newId<KeyId>(),
    walletId: newId<WalletId>(),
    requesterId: home.administrator.id,
    tokenId: newId<TokenId>(),
    dialect: 'dfns',
    externalId: undefined,
    body: '{"kind":"Hash","note":"ünïcode \\u0000"}',
    content: {
      kind: 'chain',
      payload: {
        chain: 'evm',
        format: 'transaction',
        network: undefined,
        content: { $b: 'not bytes', to: '0x00', list: [1, null] },
      },
      options: { merkleRoot: Buffer.from([1, 2, 3]), deterministic: true },
    },
    digest: randomBytes(32),
    view: {
      kind: 'decoded',
      chain: 'evm',
      format: 'transaction',
      network: '1',
      transfers: [{ effect: 'transfer', asset: { kind: 'native' }, to: '0x00', amount: '5' }],
      calls: [{ to: undefined, selector: undefined, dataBytes: 9 }],
      fee: undefined,
      expiresAtMs: undefined,
      memo: 'a memo',
      complete: true,
      warnings: ['beware'],
    },
    status: 'executing',
    reason: undefined,
    approvalId: undefined,
    evaluations: [
      { policyId: newOrderedId<GoverningPolicyId>(), policyVersion: 3, triggered: false, reason: 'within the limit' },
    ],
    signatures: [],
    signedData: undefined,
    details: undefined,
    confirmation: undefined,
    createdAtMs: 1_700_000_000_000,
    policyResolvedAtMs: undefined,
    signedAtMs: undefined,
    confirmedAtMs: undefined,
    version: 1,
    ...changes,
  };
}

export function newGroup(changes: Partial<RequiredGroup> = {}): RequiredGroup {
  return {
    name: 'officers',
    quorum: 1,
    approvers: 'anyone',
    initiatorCanApprove: false,
    serviceAccountsCanApprove: false,
    signedOnly: true,
    policyId: newOrderedId<GoverningPolicyId>(),
    ...changes,
  };
}

/** A request that waits, and what it waits for. */
export function newPendingRequest(
  home: Household,
  changes: Partial<SignatureRequest> = {},
  approvalChanges: Partial<Approval> = {},
): { readonly request: SignatureRequest; readonly approval: Approval } {
  const approvalId = newOrderedId<ApprovalId>();
  const request = newRequest(home, { status: 'pending', approvalId, ...changes });
  const subject = { kind: 'signature-request', requestId: request.id } as const;
  return {
    request,
    approval: newApproval(home, { id: approvalId, subject, subjectDigest: request.digest, ...approvalChanges }),
  };
}

export function newApproval(home: Household, changes: Partial<Approval>): Approval {
  return {
    id: newOrderedId<ApprovalId>(),
    accountId: home.account.id,
    initiatorId: home.administrator.id,
    activity: 'sign',
    subject: { kind: 'signature-request', requestId: newOrderedId<RequestId>() },
    subjectDigest: randomBytes(32),
    status: 'pending',
    groups: [newGroup()],
    evaluations: [
      { policyId: newOrderedId<GoverningPolicyId>(), policyVersion: 1, triggered: true, reason: 'too much' },
    ],
    decisions: [],
    expiresAtMs: undefined,
    createdAtMs: 1_700_000_000_000,
    updatedAtMs: 1_700_000_000_000,
    resolvedAtMs: undefined,
    version: 1,
    ...changes,
  };
}

export function newDecision(changes: Partial<Decision> = {}): Decision {
  return {
    principalId: newId<PrincipalId>(),
    value: 'approved',
    reason: undefined,
    atMs: 1_700_000_000_500,
    evidence: { kind: 'signed', credentialId: newId<CredentialId>(), logIndex: 5 },
    ...changes,
  };
}

export function newGoverningPolicy(home: Household, changes: Partial<GoverningPolicy> = {}): GoverningPolicy {
  return {
    id: newOrderedId<GoverningPolicyId>(),
    accountId: home.account.id,
    name: 'two of three',
    status: 'active',
    activity: 'sign',
    rule: { kind: 'always', configuration: { nested: [1, 'two', null] } },
    action: { kind: 'request-approval', groups: [newGroup()], expiresAfterMinutes: 60 },
    filters: { keyIds: [newId<KeyId>()], walletTagsAny: ['hot'] },
    createdAtMs: 1_700_000_000_000,
    updatedAtMs: 1_700_000_000_000,
    version: 1,
    ...changes,
  };
}

export function newChange(
  home: Household,
  changes: Partial<ChangeRequest> = {},
): { readonly change: ChangeRequest; readonly approval: Approval } {
  const approvalId = newOrderedId<ApprovalId>();
  const change: ChangeRequest = {
    id: newOrderedId<ChangeId>(),
    accountId: home.account.id,
    kind: 'policy',
    operation: 'update',
    requesterId: home.administrator.id,
    entityId: newOrderedId<GoverningPolicyId>(),
    entityVersion: 1,
    body: { name: 'looser', list: [1, null] },
    digest: randomBytes(32),
    status: 'pending',
    reason: undefined,
    approvalId,
    createdAtMs: 1_700_000_000_000,
    resolvedAtMs: undefined,
    version: 1,
    ...changes,
  };
  const subject = { kind: 'change', changeId: change.id } as const;
  const approval = newApproval(home, {
    id: approvalId,
    subject,
    subjectDigest: change.digest,
    activity: 'modify-policy',
  });
  return { change, approval };
}

export function newSpend(changes: Partial<ReservedSpend>): ReservedSpend {
  return {
    policyId: newOrderedId<GoverningPolicyId>(),
    unit: 'usd-micros',
    windowMs: 60_000,
    limit: 10n,
    amount: 1n,
    enforced: true,
    ...changes,
  };
}

/** The item of a request that is signed at once. */
export function itemOf(request: SignatureRequest, changes: Partial<IntentItem> = {}): IntentItem {
  return {
    keyId: request.keyId,
    keyVersion: 1,
    payloadDigest: randomBytes(32),
    request: { kind: 'new', request },
    ...changes,
  };
}

/** The item of a request that was approved, or is signed once more. */
export function storedItem(
  { id, keyId }: SignatureRequest,
  version: number,
  changes: Partial<IntentItem> = {},
): IntentItem {
  return { keyId, keyVersion: 1, payloadDigest: randomBytes(32), request: { kind: 'stored', id, version }, ...changes };
}

export function refusedFor(request: SignatureRequest): Diverted {
  return {
    to: 'refused',
    item: { keyId: request.keyId, payloadDigest: randomBytes(32), code: 'denied_by_policy', request },
  };
}

export function intentOf(home: Household, items: readonly IntentItem[], changes: Partial<Intent> = {}): Intent {
  return { ...newIntent(home, 0), items, ...changes };
}

/** Stores a request that waits. */
export async function storePending(
  store: Store,
  home: Household,
  pair: { readonly request: SignatureRequest; readonly approval: Approval },
): Promise<void> {
  const { keyId } = pair.request;
  const pending = [{ keyId, payloadDigest: randomBytes(32), ...pair }];
  const outcome = await store.journal.recordIntent(intentOf(home, [], { pending }));
  if (!outcome.recorded) throw new Error('the intent was not recorded');
}

/** Stores a request that is signed at once, with its intent open. */
export async function storeExecuting(store: Store, home: Household, request: SignatureRequest): Promise<IntentReceipt> {
  const outcome = await store.journal.recordIntent(intentOf(home, [itemOf(request)]));
  if (!outcome.recorded) throw new Error('the intent was not recorded');
  return outcome.receipt;
}

export function signedCompletion(id: RequestId, changes: Partial<RequestCompletion> = {}): RequestCompletion {
  return {
    id,
    status: 'signed',
    reason: undefined,
    signatures: [{ bytes: randomBytes(64), recoveryId: 1, encoded: undefined }],
    signedData: Buffer.from('signed data'),
    details: { nonce: 7, gas: 'much' },
    atMs: 1_700_000_001_000,
    ...changes,
  };
}

/** Lets an approval be granted, or end otherwise. */
export async function resolveApproval(
  store: Store,
  { accountId, id }: Approval,
  status: Exclude<Approval['status'], 'pending'>,
  reason?: string,
): Promise<Approval | undefined> {
  return store.requests.updateApproval(accountId, id, (current) => ({
    approval: {
      ...current,
      status,
      decisions:
        status === 'approved' || status === 'denied' ? [...current.decisions, newDecision()] : current.decisions,
      updatedAtMs: 1_700_000_000_900,
      resolvedAtMs: 1_700_000_000_900,
    },
    reason,
  }));
}
