import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId, newOrderedId, type WebhookId } from '@countersign/core/ids';
import { decodeEvent } from '@countersign/core/log/event-entry';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import { afterEach, describe, expect, it } from 'vitest';
import {
  intentOf,
  itemOf,
  newChange,
  newDecision,
  newGoverningPolicy,
  newGroup,
  newPendingRequest,
  newRequest,
  newSpend,
  refusedFor,
  resolveApproval,
  signedCompletion,
  storedItem,
  storeExecuting,
  storePending,
} from '../governance-fixtures.ts';
import { newHousehold, signedOutcomes } from '../store-fixtures.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('what the log and webhooks are told of requests and policies', () => {
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** A store with a webhook that hears everything, and readers of what was written since. */
  async function opened() {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-records-'));
    undo.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'store.sqlite');
    const store = await openSqliteStore({ path, serviceKey: randomBytes(32) });
    undo.push(() => store.close());
    const home = newHousehold();
    await store.directory.install(home);
    const by = home.administrator.id;
    const webhook = {
      id: newId<WebhookId>(),
      accountId: home.account.id,
      url: 'https://hooks.example/',
      events: 'all',
      enabled: true,
      description: undefined,
      dialect: 'dfns',
      createdAtMs: 1,
      updatedAtMs: 1,
    } as const;
    await store.webhooks.insert(webhook, randomBytes(32), by);
    const { size } = await store.log.head();
    const read = <T>(work: (database: DatabaseSync) => T): T => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return work(database);
      } finally {
        database.close();
      }
    };
    const rows = () =>
      read((database) =>
        database.prepare('SELECT phase, body FROM log_rows WHERE first_leaf >= ? ORDER BY first_leaf').all(size),
      );
    return {
      store,
      home,
      by,
      path,
      phases: () => rows().map(({ phase }) => phase),
      logged: () =>
        rows()
          .filter(({ phase }) => phase === 'event')
          .map(({ body }) => JSON.parse(decodeEvent(body as Uint8Array).json) as Record<string, unknown>),
      told: async () => {
        const query = { webhookId: webhook.id, kind: undefined, failed: undefined, after: undefined, limit: 100 };
        const { items } = await store.webhooks.deliveries(query);
        return items.toReversed().map(({ event }) => [event.kind, event.entityId]);
      },
    };
  }

  it('is each step of a request that waits, with its digest, and nothing of what it says', async () => {
    const { store, home, by, path, phases, logged, told } = await opened();
    const groups = [newGroup(), newGroup()];
    const { request, approval } = newPendingRequest(home, {}, { groups: [...groups, ...groups] });
    await storePending(store, home, { request, approval });
    const decision = newDecision();
    await store.requests.updateApproval(home.account.id, approval.id, (current) => ({
      approval: { ...current, decisions: [decision], status: 'approved', resolvedAtMs: 5 },
      reason: undefined,
    }));
    const taken = await store.journal.recordIntent(intentOf(home, [storedItem(request, 1)]));
    if (!taken.recorded) throw new Error('not recorded');
    await store.journal.recordOutcome(taken.receipt, signedOutcomes(1), [signedCompletion(request.id)]);
    await store.requests.update(home.account.id, request.id, (current) => ({
      ...current,
      status: 'confirmed',
      confirmation: { transactionHash: '0xabc', network: 'main', fee: undefined },
    }));
    const digest = hex(request.digest);
    const ids = { request: request.id, approval: approval.id };
    const policies = groups.map(({ policyId }) => policyId).join(' ');
    const evidence = decision.evidence.kind === 'signed' ? decision.evidence : undefined;
    expect(logged()).toEqual([
      { kind: 'request-pending', by, details: { ...ids, key: request.keyId, digest, policies, policyCount: 2 } },
      {
        kind: 'approval-decided',
        by: decision.principalId,
        details: {
          approval: approval.id,
          digest,
          value: 'approved',
          evidence: 'signed',
          credential: evidence?.credentialId,
          evidenceLeaf: 5,
        },
      },
      { kind: 'approval-resolved', by: null, details: { ...ids, status: 'approved', digest } },
      { kind: 'request-released', by: null, details: { ...ids, batch: taken.receipt.batchId, again: false } },
      {
        kind: 'request-confirmed',
        by: null,
        details: { request: request.id, digest, transactionHash: '0xabc', network: 'main' },
      },
    ]);
    expect(phases()).toEqual(['event', 'event', 'event', 'intent', 'event', 'outcome', 'event']);
    expect(JSON.stringify(logged())).not.toContain('ünïcode');
    expect(await told()).toEqual([
      ['request-created', request.id],
      ['policy-triggered', approval.id],
      ['approval-pending', approval.id],
      ['approval-resolved', approval.id],
      ['request-signed', request.id],
      ['request-confirmed', request.id],
    ]);
    expect(verifySqliteLog(path).problems).toEqual([]);
  });

  it('is nothing but intent and outcome of a request that is signed at once', async () => {
    const { store, home, phases, told } = await opened();
    const [signed, failed] = [newRequest(home), newRequest(home)];
    for (const request of [signed, failed]) {
      const receipt = await storeExecuting(store, home, request);
      const status = request === signed ? 'signed' : 'failed';
      await store.journal.recordOutcome(receipt, signedOutcomes(1), [signedCompletion(request.id, { status })]);
    }
    expect(phases()).toEqual(['intent', 'outcome', 'intent', 'outcome']);
    expect(await told()).toEqual([
      ['request-created', signed.id],
      ['request-signed', signed.id],
      ['request-created', failed.id],
      ['request-failed', failed.id],
    ]);
  });

  it('is a refusal of what is over its limit, and the end of what is denied or withdrawn', async () => {
    const { store, home, phases, logged, told } = await opened();
    const over = newRequest(home);
    const rejected: SignatureRequest = { ...over, status: 'rejected', reason: 'too much' };
    const spends = [newSpend({ amount: 11n })];
    await store.journal.recordIntent(intentOf(home, [itemOf(over, { spends, divert: () => refusedFor(rejected) })]));
    expect(phases()).toEqual(['refusal']);
    const [denied, withdrawn] = [newPendingRequest(home), newPendingRequest(home)];
    for (const pair of [denied, withdrawn]) await storePending(store, home, pair);
    await resolveApproval(store, denied.approval, 'denied');
    await store.requests.update(home.account.id, withdrawn.request.id, (current) => ({
      ...current,
      status: 'rejected',
    }));
    const kinds = ['request-pending', 'request-pending', 'approval-decided', 'approval-resolved', 'request-rejected'];
    expect(logged().map(({ kind }) => kind)).toEqual([...kinds, 'request-rejected', 'approval-resolved']);
    const waiting = (pair: typeof denied) => [
      ['request-created', pair.request.id],
      ['policy-triggered', pair.approval.id],
      ['approval-pending', pair.approval.id],
    ];
    expect(await told()).toEqual([
      ['request-created', over.id],
      ['request-rejected', over.id],
      ...waiting(denied),
      ...waiting(withdrawn),
      ['approval-resolved', denied.approval.id],
      ['request-rejected', denied.request.id],
      ['request-rejected', withdrawn.request.id],
      ['approval-resolved', withdrawn.approval.id],
    ]);
  });

  it('is every change of a policy, with the hash of what it says, and every change that waits', async () => {
    const { store, home, by, logged, told } = await opened();
    const policy = newGoverningPolicy(home);
    await store.governance.insertPolicy(policy, by);
    await store.governance.replacePolicy({ ...policy, action: { kind: 'block' }, version: 2 }, by);
    await store.governance.replacePolicy({ ...policy, status: 'archived', version: 3 }, by);
    const { change, approval } = newChange(home, { entityId: newOrderedId<never>() });
    await store.governance.insertChange(change, approval);
    await resolveApproval(store, approval, 'approved');
    await store.governance.resolveChange(home.account.id, change.id, { status: 'applied', reason: undefined, atMs: 9 });
    const events = logged();
    expect(events.map(({ kind, by: who }) => [kind, who === by])).toEqual([
      ['governing-policy-created', true],
      ['governing-policy-updated', true],
      ['governing-policy-archived', true],
      ['change-requested', true],
      ['approval-decided', false],
      ['approval-resolved', false],
      ['change-applied', false],
    ]);
    const configurations = events
      .slice(0, 3)
      .map(({ details }) => (details as Record<string, unknown>)['configuration']);
    expect(configurations[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(configurations[1]).not.toBe(configurations[0]);
    expect(configurations[2]).toBe(configurations[0]);
    expect(events[3]?.['details']).toMatchObject({ change: change.id, digest: hex(change.digest), policyCount: 1 });
    expect(await told()).toEqual([
      ['policy-triggered', approval.id],
      ['approval-pending', approval.id],
      ['approval-resolved', approval.id],
    ]);
  });

  it('fits an entry of the log, however many policies ask for one approval', async () => {
    const { store, home, logged } = await opened();
    const groups = Array.from({ length: 1_000 }, () => newGroup());
    await storePending(store, home, newPendingRequest(home, {}, { groups }));
    const [event] = logged();
    const policies = groups.slice(0, 100).map(({ policyId }) => policyId);
    expect(event?.['details']).toMatchObject({ policies: policies.join(' '), policyCount: 1_000 });
  });
});
