/** Principals, policies, views and approvals for tests of governance, all in one account. */
import type { DecodedView } from '@countersign/chains/view';
import type { Approval, ApprovalGroup } from '../src/governance/approval.ts';
import type { GoverningPolicy, PolicyAction } from '../src/governance/governing-policy.ts';
import type { PolicyRuleContext } from '../src/governance/policy-rule-kind.ts';
import { type AccountId, type GoverningPolicyId, newId, newOrderedId, parseId, type WalletId } from '../src/ids.ts';
import type { KeyRecord } from '../src/key-record.ts';
import type { PriceSource } from '../src/ports/price-source.ts';
import type { Permission, Principal } from '../src/principal.ts';
import type { Wallet } from '../src/wallets/wallet.ts';

export const governedAccount = newId<AccountId>();

export function person(
  overrides: Partial<Principal> = {},
  permissions: readonly Permission[] = ['approve'],
): Principal {
  return {
    id: newId(),
    accountId: governedAccount,
    kind: 'user',
    name: 'person',
    enabled: true,
    defaultGroupId: undefined,
    grants: [{ scope: { kind: 'account' }, permissions }],
    requiresProof: false,
    ...overrides,
  };
}

export function service(overrides: Partial<Principal> = {}, permissions?: readonly Permission[]): Principal {
  return person({ kind: 'service', name: 'service', ...overrides }, permissions);
}

export function groupOf(overrides: Partial<ApprovalGroup> = {}): ApprovalGroup {
  return {
    name: undefined,
    quorum: 1,
    approvers: 'anyone',
    initiatorCanApprove: false,
    serviceAccountsCanApprove: false,
    signedOnly: false,
    ...overrides,
  };
}

export function asking(groups: readonly ApprovalGroup[] = [groupOf()], expiresAfterMinutes?: number): PolicyAction {
  return { kind: 'request-approval', groups, expiresAfterMinutes };
}

let policies = 0;

/** Ids grow, also within a millisecond: policies are judged in the order of their ids. */
function nextPolicyId(): GoverningPolicyId {
  policies += 1;
  const id = parseId<GoverningPolicyId>(`00000000-0000-7000-8000-${policies.toString(16).padStart(12, '0')}`);
  if (id === undefined) throw new RangeError('too many policies');
  return id;
}

export function policyOf(overrides: Partial<GoverningPolicy> = {}): GoverningPolicy {
  return {
    id: nextPolicyId(),
    accountId: governedAccount,
    name: 'policy',
    status: 'active',
    activity: 'sign',
    rule: { kind: 'always', configuration: {} },
    action: asking(),
    filters: {},
    createdAtMs: 0,
    updatedAtMs: 0,
    version: 1,
    ...overrides,
  };
}

export const governedKey: KeyRecord = {
  id: newId(),
  accountId: governedAccount,
  groupId: newId(),
  name: 'key',
  description: '',
  algorithm: 'ecdsa-secp256k1',
  parameters: {},
  custody: 'vault',
  persistence: 'stored',
  publicKey: new Uint8Array(65),
  sealed: new Uint8Array(1),
  operations: ['sign', 'verify'],
  dialectAttributes: {},
  state: 'active',
  enabled: true,
  exportable: false,
  deterministicSignatures: undefined,
  allowSignDigest: true,
  verifyAfterSign: false,
  createdBy: newId(),
  createdAtMs: 0,
  activatedAtMs: 0,
  lastUsedAtMs: undefined,
  version: 1,
};

export function walletOf(tags: readonly string[] = [], overrides: Partial<Wallet> = {}): Wallet {
  return {
    id: newId<WalletId>(),
    accountId: governedAccount,
    keyId: governedKey.id,
    network: 'EthereumSepolia',
    chain: 'evm',
    address: undefined,
    name: undefined,
    tags,
    externalId: undefined,
    createdBy: newId(),
    createdAtMs: 0,
    archivedAtMs: undefined,
    ...overrides,
  };
}

export function viewOf(overrides: Partial<DecodedView> = {}): DecodedView {
  return {
    kind: 'decoded',
    chain: 'evm',
    format: 'transaction',
    network: '1',
    transfers: [],
    calls: [],
    fee: undefined,
    expiresAtMs: undefined,
    memo: undefined,
    complete: true,
    warnings: [],
    ...overrides,
  };
}

/** A native transfer of this many units, each worth one dollar by `dollarPrices`. */
export function payment(to: string, units: string): DecodedView['transfers'][number] {
  return { effect: 'transfer', asset: { kind: 'native' }, to, amount: units };
}

/** One unit of the native asset is one dollar; nothing else has a price. */
export const dollarPrices: PriceSource = {
  valueUsdMicros: (_chain, _network, asset, amount) => (asset.kind === 'native' ? amount * 1_000_000n : undefined),
};

export function contextOf(overrides: Partial<PolicyRuleContext> = {}): PolicyRuleContext & {
  readonly wallets: readonly Wallet[];
  readonly walletId: WalletId | undefined;
} {
  return {
    principal: service(),
    key: governedKey,
    view: viewOf(),
    prices: dollarPrices,
    wallets: [],
    walletId: undefined,
    ...overrides,
  };
}

export function approvalOf(groups: readonly ApprovalGroup[], overrides: Partial<Approval> = {}): Approval {
  const policy = policyOf({ action: asking(groups) });
  return {
    id: newOrderedId(),
    accountId: governedAccount,
    initiatorId: newId(),
    activity: 'sign',
    subject: { kind: 'signature-request', requestId: newOrderedId() },
    subjectDigest: new Uint8Array(32).fill(7),
    status: 'pending',
    groups: groups.map((group) => ({ ...group, policyId: policy.id })),
    evaluations: [{ policyId: policy.id, policyVersion: 1, triggered: true, reason: 'always' }],
    decisions: [],
    expiresAtMs: undefined,
    createdAtMs: 0,
    updatedAtMs: 0,
    resolvedAtMs: undefined,
    version: 1,
    ...overrides,
  };
}
