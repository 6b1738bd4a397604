/**
 * Stored requests, approvals and the signing journal over one set of maps, with what their contracts promise: an intent
 * that is stale changes nothing, spends are counted item by item, external ids are taken once. The maps outlive the ports,
 * as a database outlives a process.
 */
import type { Account } from '../src/account.ts';
import { DomainError } from '../src/domain-error.ts';
import type { Approval } from '../src/governance/approval.ts';
import type { ReservedSpend } from '../src/governance/governance-verdict.ts';
import type { KeyId, RequestId } from '../src/ids.ts';
import type { KeyRecord } from '../src/key-record.ts';
import type { Page } from '../src/page.ts';
import type { RequestStore } from '../src/ports/request-store.ts';
import type {
  Diverted,
  Intent,
  IntentItem,
  IntentOutcome,
  OutcomeItem,
  RequestCompletion,
  SigningJournal,
} from '../src/ports/signing-journal.ts';
import { completedRequest, executingRequest } from '../src/requests/request-states.ts';
import type { SignatureRequest } from '../src/requests/signature-request.ts';

interface SpentAmount {
  readonly policyId: string;
  readonly keyId: KeyId;
  readonly atMs: number;
  readonly amount: bigint;
}

export interface RequestDatabase {
  readonly requests: Map<string, SignatureRequest>;
  readonly approvals: Map<string, Approval>;
  spent: readonly SpentAmount[];
  /** Requests whose spends have been counted. */
  readonly reserved: Set<string>;
  readonly intents: Intent[];
  /** Items of each intent that went on. */
  readonly open: Map<number, readonly IntentItem[]>;
  readonly outcomes: (readonly OutcomeItem[])[];
}

export function requestDatabase(): RequestDatabase {
  return {
    requests: new Map(),
    approvals: new Map(),
    spent: [],
    reserved: new Set(),
    intents: [],
    open: new Map(),
    outcomes: [],
  };
}

export interface RequestPorts {
  readonly store: RequestStore;
  readonly journal: SigningJournal;
}

export function inMemoryRequests(
  database: RequestDatabase,
  world: {
    readonly account: () => Account;
    readonly keys: readonly KeyRecord[];
    readonly now: () => number;
  },
): RequestPorts {
  const { requests, approvals, open } = database;

  function refusal(intent: Intent): 'stale' | 'external-id-taken' | undefined {
    if (intent.accountRevision !== world.account().revision) return 'stale';
    for (const { request } of intent.items)
      if (request?.kind === 'stored' && !isExecutable(request.id, request.version)) return 'stale';
    for (const { request } of intent.refused) {
      const before = request === undefined ? undefined : requests.get(request.id);
      if (request !== undefined && request.version > 1 && before?.version !== request.version - 1) return 'stale';
      if (before !== undefined && before.status !== 'pending' && before.status !== 'executing') return 'stale';
    }
    const taken = new Set([...requests.values()].map(({ externalId }) => externalId));
    return newRequests(intent).some(({ externalId }) => externalId !== undefined && taken.has(externalId))
      ? 'external-id-taken'
      : undefined;
  }

  function isExecutable(id: RequestId, version: number): boolean {
    const current = requests.get(id);
    if (current?.version !== version || isBeingSigned(id)) return false;
    return (
      current.status === 'executing' ||
      (current.status === 'pending' && approvals.get(current.approvalId ?? '')?.status === 'approved')
    );
  }

  /** An intent without an outcome has it, of this run or of one that has ended. */
  function isBeingSigned(id: RequestId): boolean {
    return [...open.values()].flat().some(({ request }) => requestIdOf(request) === id);
  }

  function overLimit(spends: readonly ReservedSpend[], keyId: KeyId, spent: readonly SpentAmount[]): number[] {
    return spends.flatMap(({ enforced, policyId, windowMs, limit, amount }, index) => {
      if (!enforced) return [];
      const sum = spent
        .filter((each) => each.policyId === policyId && each.keyId === keyId && each.atMs > world.now() - windowMs)
        .reduce((total, each) => total + each.amount, 0n);
      return sum + amount > limit ? [index] : [];
    });
  }

  const journal: SigningJournal = {
    async recordIntent(intent): Promise<IntentOutcome> {
      const reason = refusal(intent);
      if (reason !== undefined) return { recorded: false, reason };
      database.intents.push(intent);
      const diverted = new Map<number, Diverted>();
      const kept: IntentItem[] = [];
      intent.items.forEach((item, index) => {
        if (item.decidedBy !== undefined && diverted.has(item.decidedBy)) return;
        const { spends = [], request, keyId } = item;
        const counted = request?.kind === 'stored' && database.reserved.has(request.id);
        const over = counted ? [] : overLimit(spends, keyId, database.spent);
        const fate = over.length === 0 ? undefined : item.divert?.(over);
        if (fate !== undefined && fate.to !== 'intent') {
          diverted.set(index, fate);
          return;
        }
        if (!counted)
          database.spent = [
            ...database.spent,
            ...spends.map(({ policyId, amount }) => ({ policyId, keyId, amount, atMs: world.now() })),
          ];
        kept.push(item);
        if (request?.kind === 'new') {
          requests.set(request.request.id, request.request);
          database.reserved.add(request.request.id);
        } else if (request !== undefined) {
          const current = requests.get(request.id);
          if (current !== undefined) requests.set(current.id, executingRequest(current, world.now()));
          database.reserved.add(request.id);
        }
      });
      const late = [...diverted.values()];
      for (const { request } of [
        ...intent.refused,
        ...late.flatMap((each) => (each.to === 'refused' ? [each.item] : [])),
      ])
        if (request !== undefined) requests.set(request.id, request);
      for (const { request, approval } of [
        ...(intent.pending ?? []),
        ...late.flatMap((each) => (each.to === 'pending' ? [each.item] : [])),
      ]) {
        requests.set(request.id, request);
        approvals.set(approval.id, approval);
      }
      const batchId = database.intents.length;
      open.set(batchId, kept);
      const receipt = { batchId, itemCount: kept.length };
      return { recorded: true, receipt, ...(diverted.size === 0 ? {} : { diverted }) };
    },

    async recordOutcome(receipt, outcomes, completions: readonly RequestCompletion[] = []) {
      if (outcomes.length !== open.get(receipt.batchId)?.length)
        throw new DomainError('internal', 'outcomes for another batch');
      open.delete(receipt.batchId);
      database.outcomes.push(outcomes);
      for (const completion of completions) {
        const current = requests.get(completion.id);
        if (current?.status !== 'executing') throw new DomainError('internal', 'a request that is not being signed');
        requests.set(current.id, completedRequest(current, completion));
      }
    },
  };

  const store: RequestStore = {
    find: async (accountId, id) => {
      const request = requests.get(id);
      return request?.accountId === accountId ? request : undefined;
    },
    byId: async (id) => requests.get(id),
    byExternalId: async (accountId, externalIds) =>
      externalIds.map((externalId) =>
        [...requests.values()].find((request) => request.accountId === accountId && request.externalId === externalId),
      ),
    list: async ({ accountId, keyId, walletId, status, among, ...query }) =>
      pageOf(
        [...requests.values()].filter((request) => {
          const key = world.keys.find(({ id }) => id === request.keyId);
          const isVisible =
            among === 'all' ||
            among.keys.includes(request.keyId) ||
            (key !== undefined && among.groups.includes(key.groupId));
          return (
            isVisible &&
            request.accountId === accountId &&
            (keyId === undefined || request.keyId === keyId) &&
            (walletId === undefined || request.walletId === walletId) &&
            (status === undefined || request.status === status)
          );
        }),
        query,
      ),
    async update(accountId, id, change) {
      const current = requests.get(id);
      if (current?.accountId !== accountId) return undefined;
      const changed = change(current);
      requests.set(id, changed);
      return changed;
    },
    unfinished: async (limit) =>
      [...requests.values()]
        .filter(
          ({ status, approvalId }) =>
            status === 'executing' || (status === 'pending' && approvals.get(approvalId ?? '')?.status === 'approved'),
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id }) => id),
    findApproval: async (accountId, id) => {
      const approval = approvals.get(id);
      return approval?.accountId === accountId ? approval : undefined;
    },
    listApprovals: async (query) =>
      pageOf(
        [...approvals.values()].filter(({ accountId }) => accountId === query.accountId),
        query,
      ),
    async updateApproval(accountId, id, change) {
      const current = approvals.get(id);
      if (current?.accountId !== accountId) return undefined;
      const { approval, reason } = change(current);
      approvals.set(id, approval);
      const ended = ['denied', 'expired', 'cancelled'].includes(approval.status);
      const request = approval.subject.kind === 'change' ? undefined : requests.get(approval.subject.requestId);
      if (ended && request?.status === 'pending')
        requests.set(request.id, { ...request, status: 'rejected', reason, version: request.version + 1 });
      return approval;
    },
    dueApprovals: async (nowMs, limit) =>
      [...approvals.values()]
        .filter(({ status, expiresAtMs }) => status === 'pending' && expiresAtMs !== undefined && expiresAtMs <= nowMs)
        .slice(0, limit)
        .map(({ accountId, id }) => ({ accountId, id })),
  };
  return { store, journal };
}

function requestIdOf(request: IntentItem['request']): RequestId | undefined {
  return request?.kind === 'new' ? request.request.id : request?.id;
}

/** What a store does at a start: gives open intents the outcome that nothing is known. */
export function closeOpenIntents({ open }: RequestDatabase): void {
  open.clear();
}

function newRequests(intent: Intent): readonly SignatureRequest[] {
  return [
    ...intent.items.flatMap(({ request }) => (request?.kind === 'new' ? [request.request] : [])),
    ...intent.refused.flatMap(({ request }) => (request !== undefined && request.version === 1 ? [request] : [])),
    ...(intent.pending ?? []).map(({ request }) => request),
  ];
}

function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Page<Item> {
  const rest = items.filter(({ id }) => after === undefined || id < after).sort((a, b) => (a.id > b.id ? -1 : 1));
  return { items: rest.slice(0, limit), more: rest.length > limit };
}
