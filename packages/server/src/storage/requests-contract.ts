/** The part of the store's contract that is about stored requests: how the journal makes and ends them, and their lists. */
import { type GroupId, newId, type RequestId } from '@countersign/core/ids';
import type { StoredRequestQuery } from '@countersign/core/ports/request-store';
import { REQUEST_STATUSES, type SignatureRequest } from '@countersign/core/requests/signature-request';
import { describe, expect, it } from 'vitest';
import {
  intentOf,
  itemOf,
  newPendingRequest,
  newRequest,
  newSpend,
  refusedFor,
  resolveApproval,
  signedCompletion,
  storedItem,
  storeExecuting,
  storePending,
} from './governance-fixtures.ts';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import { type Household, newHousehold, newKey, signedOutcomes } from './store-fixtures.ts';

const STALE = { recorded: false, reason: 'stale' };
const UNKNOWN = { status: 'unknown', signatureDigest: undefined } as const;

export function describeRequests({ opened, reopened }: StoreTests): void {
  async function find(store: Store, { accountId, id }: SignatureRequest): Promise<SignatureRequest | undefined> {
    return store.requests.find(accountId, id);
  }
  /** An approved request that nobody has signed yet. */
  async function approved(store: Store, home: Household) {
    const pair = newPendingRequest(home);
    await storePending(store, home, pair);
    await resolveApproval(store, pair.approval, 'approved');
    return pair;
  }

  describe('requests', () => {
    it('come back with every field, by id and by external id, after a restart too', async () => {
      const { store, home, at } = await opened();
      const request = newRequest(home, { externalId: 'order 1' });
      const plain = newRequest(home, {
        walletId: undefined,
        tokenId: undefined,
        view: { kind: 'opaque' },
        content: {
          kind: 'plain',
          payload: { kind: 'digest', bytes: Buffer.alloc(32, 7), digest: 'sha-256' },
          options: {},
        },
      });
      await storeExecuting(store, home, request);
      await storeExecuting(store, home, plain);
      for (const next of [() => store, () => reopened(store, at)]) {
        const { requests } = await next();
        expect(await requests.find(home.account.id, request.id)).toStrictEqual(request);
        expect(await requests.byId(plain.id)).toStrictEqual(plain);
        expect(await requests.byExternalId(home.account.id, ['none', 'order 1'])).toStrictEqual([undefined, request]);
        expect(await requests.find(newId(), request.id)).toBeUndefined();
        expect(await requests.byExternalId(newId(), ['order 1'])).toEqual([undefined]);
      }
    });

    it('are signed or failed by the outcome of their own batch, once', async () => {
      const { store, home } = await opened();
      const [signed, failed] = [newRequest(home), newRequest(home)];
      const outcome = await store.journal.recordIntent(intentOf(home, [itemOf(signed), itemOf(failed)]));
      if (!outcome.recorded) throw new Error('not recorded');
      const completion = signedCompletion(signed.id);
      const failure = signedCompletion(failed.id, {
        status: 'failed',
        reason: 'no engine',
        signatures: [],
        signedData: undefined,
        details: undefined,
      });
      await store.journal.recordOutcome(outcome.receipt, signedOutcomes(2), [completion, failure]);
      const { atMs, signatures, signedData, details } = completion;
      expect(await find(store, signed)).toStrictEqual({
        ...signed,
        status: 'signed',
        signatures,
        signedData,
        details,
        signedAtMs: atMs,
        version: 2,
      });
      expect(await find(store, failed)).toStrictEqual({ ...failed, status: 'failed', reason: 'no engine', version: 2 });
      const [other, running] = [newRequest(home), newRequest(home)];
      const otherReceipt = await storeExecuting(store, home, other);
      const receipt = await storeExecuting(store, home, running);
      const { size } = await store.log.head();
      for (const id of [signed.id, other.id])
        await expect(
          store.journal.recordOutcome(receipt, signedOutcomes(1), [signedCompletion(id)]),
        ).rejects.toMatchObject({ code: 'internal' });
      // Nothing of it: the intent is still open, and takes its outcome.
      expect((await store.log.head()).size).toBe(size);
      await store.journal.recordOutcome(receipt, signedOutcomes(1), [signedCompletion(running.id)]);
      await store.journal.recordOutcome(otherReceipt, signedOutcomes(1), [signedCompletion(other.id)]);
    });

    it('wait with their approval, and are signed once it is approved, by one of two that try', async () => {
      const { store, home } = await opened();
      const { request, approval } = newPendingRequest(home);
      await storePending(store, home, { request, approval });
      expect(await find(store, request)).toStrictEqual(request);
      expect(await store.requests.findApproval(home.account.id, approval.id)).toStrictEqual(approval);
      const take = () => store.journal.recordIntent(intentOf(home, [storedItem(request, 1)]));
      expect(await take()).toEqual(STALE);
      await resolveApproval(store, approval, 'approved');
      expect(await find(store, request)).toStrictEqual(request);
      expect(await store.requests.unfinished(10)).toEqual([request.id]);
      expect(await store.journal.recordIntent(intentOf(home, [storedItem(request, 2)]))).toEqual(STALE);
      const outcomes = await Promise.all([take(), take()]);
      expect(outcomes.map(({ recorded }) => recorded)).toEqual([true, false]);
      expect(await find(store, request)).toMatchObject({
        status: 'executing',
        policyResolvedAtMs: 1_700_000_000_900,
        version: 2,
      });
      // Not by its new version either, as long as somebody signs it.
      expect(await store.journal.recordIntent(intentOf(home, [storedItem(request, 2)]))).toEqual(STALE);
      const [first] = outcomes;
      if (first?.recorded !== true) throw new Error('not recorded');
      await store.journal.recordOutcome(first.receipt, signedOutcomes(1), [signedCompletion(request.id)]);
      expect(await find(store, request)).toMatchObject({ status: 'signed', version: 3 });
      expect(await store.journal.recordIntent(intentOf(home, [storedItem(request, 3)]))).toEqual(STALE);
      expect(await store.requests.unfinished(10)).toEqual([]);
    });

    it('that have the outcome unknown stay executing, and are signed again', async () => {
      const { store, home } = await opened();
      const request = newRequest(home);
      const receipt = await storeExecuting(store, home, request);
      await store.journal.recordOutcome(receipt, [UNKNOWN]);
      expect(await find(store, request)).toMatchObject({ status: 'executing', version: 1 });
      expect(await store.requests.unfinished(10)).toEqual([request.id]);
      const again = await store.journal.recordIntent(intentOf(home, [storedItem(request, 1)]));
      if (!again.recorded) throw new Error('not recorded');
      await store.journal.recordOutcome(again.receipt, signedOutcomes(1), [signedCompletion(request.id)]);
      expect(await find(store, request)).toMatchObject({ status: 'signed', version: 3 });
    });

    it('that were executing when the program ended are signed by the next one', async () => {
      const { store, home, at } = await opened();
      const requests = [newRequest(home), newRequest(home)];
      for (const request of requests) await storeExecuting(store, home, request);
      const { request } = await approved(store, home);
      const again = await reopened(store, at);
      const [first] = requests;
      if (first === undefined) throw new Error('no request');
      const take = () => again.journal.recordIntent(intentOf(home, [storedItem(first, 1)]));
      expect(await take()).toEqual(STALE);
      expect(await again.closeOpenIntents()).toBe(2);
      expect(await again.requests.unfinished(10)).toEqual([...requests, request].map(({ id }) => id));
      expect(await again.requests.unfinished(1)).toEqual([first.id]);
      const taken = await take();
      if (!taken.recorded) throw new Error('not recorded');
      await again.journal.recordOutcome(taken.receipt, signedOutcomes(1), [signedCompletion(first.id)]);
      expect(await find(again, first)).toMatchObject({ status: 'signed' });
    });

    it('have an external id that is taken once, however many try at the same time', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const tries = Array.from({ length: 8 }, () => newRequest(home, { externalId: 'same' }));
      const outcomes = await Promise.all(
        tries.map((request) => store.journal.recordIntent(intentOf(home, [itemOf(request)]))),
      );
      expect(outcomes.filter(({ recorded }) => recorded)).toHaveLength(1);
      for (const outcome of outcomes.slice(1))
        expect(outcome).toEqual({ recorded: false, reason: 'external-id-taken' });
      const twice = [newRequest(home, { externalId: 'two' }), newRequest(home, { externalId: 'two' })];
      expect(
        await store.journal.recordIntent(
          intentOf(
            home,
            twice.map((each) => itemOf(each)),
          ),
        ),
      ).toMatchObject({
        reason: 'external-id-taken',
      });
      expect(await store.requests.byExternalId(home.account.id, ['two'])).toEqual([undefined]);
      await storeExecuting(store, other, newRequest(other, { externalId: 'same' }));
    });

    it('that are refused are stored as rejected, and take the external id too', async () => {
      const { store, home } = await opened();
      const request = newRequest(home, { status: 'rejected', reason: 'blocked', externalId: 'x' });
      const refused = [refusedFor(request)].map((each) => (each.to === 'refused' ? each.item : undefined));
      const intent = intentOf(home, [], { refused: refused.filter((each) => each !== undefined) });
      expect(await store.journal.recordIntent(intent)).toMatchObject({ recorded: true, receipt: { itemCount: 0 } });
      expect(await find(store, request)).toStrictEqual(request);
      expect(await store.journal.recordIntent(intent)).toEqual({ recorded: false, reason: 'external-id-taken' });
    });

    it('that waited and are refused in the end are rejected, where they are as they were read', async () => {
      const { store, home } = await opened();
      const { request, approval } = await approved(store, home);
      const rejected: SignatureRequest = { ...request, status: 'rejected', reason: 'the policy changed', version: 2 };
      const item = { keyId: request.keyId, payloadDigest: new Uint8Array(32), code: 'denied_by_policy' };
      const refuse = (each: SignatureRequest) =>
        store.journal.recordIntent(intentOf(home, [], { refused: [{ ...item, request: each }] }));
      expect(await refuse({ ...rejected, version: 3 })).toEqual(STALE);
      expect(await refuse(rejected)).toMatchObject({ recorded: true });
      expect(await find(store, request)).toStrictEqual(rejected);
      expect(await refuse({ ...rejected, version: 3 })).toEqual(STALE);
      expect(await store.requests.unfinished(10)).toEqual([]);
      expect(await store.requests.findApproval(home.account.id, approval.id)).toMatchObject({ status: 'approved' });
    });

    it('are stored with the whole intent or not at all', async () => {
      const { store, home } = await opened();
      const [fresh, waiting] = [newRequest(home), newPendingRequest(home)];
      const { size } = await store.log.head();
      const stale = storedItem(newRequest(home), 1);
      const pending = [{ keyId: waiting.request.keyId, payloadDigest: new Uint8Array(32), ...waiting }];
      expect(await store.journal.recordIntent(intentOf(home, [itemOf(fresh), stale], { pending }))).toEqual(STALE);
      const wrong = { ...waiting.approval, subjectDigest: new Uint8Array(32) };
      const mixed = [
        { keyId: fresh.keyId, payloadDigest: new Uint8Array(32), request: waiting.request, approval: wrong },
      ];
      await expect(
        store.journal.recordIntent(intentOf(home, [itemOf(fresh)], { pending: mixed })),
      ).rejects.toMatchObject({
        code: 'internal',
      });
      await expect(store.journal.recordIntent(intentOf(home, [itemOf(fresh), itemOf(fresh)]))).rejects.toMatchObject({
        code: 'internal',
      });
      expect(await find(store, fresh)).toBeUndefined();
      expect(await find(store, waiting.request)).toBeUndefined();
      expect((await store.log.head()).size).toBe(size);
    });

    it('of several parts share one fate, and each part is in the log', async () => {
      const { store, home } = await opened();
      const { size } = await store.log.head();
      const request = newRequest(home);
      const part = { keyId: request.keyId, keyVersion: 1, payloadDigest: new Uint8Array(32), decidedBy: 0 };
      const spends = [newSpend({ windowMs: 1_000, limit: 1n, amount: 2n })];
      const rejected: SignatureRequest = { ...request, status: 'rejected', reason: 'too much' };
      const over = itemOf(request, { spends, divert: () => refusedFor(rejected) });
      const outcome = await store.journal.recordIntent(intentOf(home, [over, part, part]));
      if (!outcome.recorded) throw new Error('not recorded');
      expect(outcome.receipt.itemCount).toBe(0);
      expect([...(outcome.diverted?.keys() ?? [])]).toEqual([0, 1, 2]);
      expect(await find(store, request)).toStrictEqual(rejected);
      expect((await store.log.head()).size).toBe(size + 1);
      const allowed = newRequest(home);
      const signed = await store.journal.recordIntent(intentOf(home, [itemOf(allowed), part, part]));
      expect(signed).toMatchObject({ recorded: true, receipt: { itemCount: 3 } });
    });

    it('are confirmed or withdrawn by a change, which moves nothing else', async () => {
      const { store, home } = await opened();
      const { requests } = store;
      const request = newRequest(home);
      const receipt = await storeExecuting(store, home, request);
      const fail = (current: SignatureRequest): SignatureRequest => ({ ...current, status: 'failed' });
      await expect(requests.update(home.account.id, request.id, fail)).rejects.toMatchObject({
        code: 'conflict',
        subject: 'request-state',
      });
      await store.journal.recordOutcome(receipt, signedOutcomes(1), [signedCompletion(request.id)]);
      const confirm = (current: SignatureRequest): SignatureRequest => ({
        ...current,
        status: 'confirmed',
        confirmation: { transactionHash: '0xab', network: undefined, fee: '12' },
        confirmedAtMs: 1_700_000_002_000,
      });
      const confirmed = await requests.update(home.account.id, request.id, confirm);
      expect(confirmed).toMatchObject({ status: 'confirmed', version: 3 });
      expect(await find(store, request)).toStrictEqual(confirmed);
      const { size } = await store.log.head();
      expect(await requests.update(home.account.id, request.id, (current) => current)).toStrictEqual(confirmed);
      expect((await store.log.head()).size).toBe(size);
      await expect(requests.update(home.account.id, request.id, fail)).rejects.toMatchObject({ code: 'internal' });
      expect(await requests.update(newId(), request.id, confirm)).toBeUndefined();
      const refuse = (): never => {
        throw new RangeError('not by us');
      };
      await expect(requests.update(home.account.id, request.id, refuse)).rejects.toThrow();
      expect(await find(store, request)).toStrictEqual(confirmed);
    });

    it('stay to be signed where something else of them changes', async () => {
      const { store, home } = await opened();
      const { request } = await approved(store, home);
      const note = (current: SignatureRequest): SignatureRequest => ({ ...current, details: { note: 'x' } });
      expect(await store.requests.update(home.account.id, request.id, note)).toMatchObject({ version: 2 });
      expect(await store.requests.unfinished(10)).toEqual([request.id]);
      expect(await store.journal.recordIntent(intentOf(home, [storedItem(request, 2)]))).toMatchObject({
        recorded: true,
      });
    });

    it('that are withdrawn take their approval along', async () => {
      const { store, home } = await opened();
      const { request, approval } = newPendingRequest(home);
      await storePending(store, home, { request, approval });
      const cancel = (current: SignatureRequest): SignatureRequest => ({
        ...current,
        status: 'rejected',
        reason: 'no',
      });
      await store.requests.update(home.account.id, request.id, cancel);
      expect(await find(store, request)).toMatchObject({ status: 'rejected', reason: 'no', version: 2 });
      expect(await store.requests.findApproval(home.account.id, approval.id)).toMatchObject({ status: 'cancelled' });
    });

    it('are listed newest first, page by page, by key, wallet, status and what may be seen', async () => {
      const { store, home } = await opened();
      const other = newHousehold();
      await store.directory.install(other);
      const groupId = newId<GroupId>();
      await store.directory.insertGroup({ ...home.group, id: groupId, name: 'second' });
      const keys = [newKey(home), newKey(home), newKey(home, { groupId })];
      for (const key of keys) await store.keys.insert(key);
      const [a, b, c] = keys.map((key) => key.id);
      if (a === undefined || b === undefined || c === undefined) throw new Error('no keys');
      const walletId = newRequest(home).walletId;
      const made: SignatureRequest[] = [];
      const bring = async ({ request, approval }: ReturnType<typeof newPendingRequest>, kind: number) => {
        if (kind > 0) await resolveApproval(store, approval, kind === 1 ? 'denied' : 'approved');
        if (kind === 1) return 'rejected';
        if (kind === 0) return 'pending';
        const taken = await store.journal.recordIntent(intentOf(home, [storedItem(request, 1)]));
        if (!taken.recorded) throw new Error('not recorded');
        if (kind === 2) return 'executing';
        const status = kind === 3 ? 'signed' : 'failed';
        await store.journal.recordOutcome(taken.receipt, signedOutcomes(1), [signedCompletion(request.id, { status })]);
        return status;
      };
      for (let i = 0; i < 40; i++) {
        const keyId = [a, b, c][i % 3] ?? a;
        const wallet = keyId === a && i % 2 === 0 ? walletId : undefined;
        const pair = newPendingRequest(home, { keyId, walletId: wallet });
        await storePending(store, home, pair);
        made.push({ ...pair.request, status: await bring(pair, i % 5) });
      }
      await storePending(store, other, newPendingRequest(other));
      const all: StoredRequestQuery = {
        accountId: home.account.id,
        keyId: undefined,
        walletId: undefined,
        status: undefined,
        among: 'all',
        after: undefined,
        limit: 1_000,
      };
      const listed = async (query: Partial<StoredRequestQuery>): Promise<RequestId[]> => {
        const ids: RequestId[] = [];
        for (let after: RequestId | undefined; ; ) {
          const page = await store.requests.list({ ...all, limit: 5, ...query, after });
          ids.push(...page.items.map(({ id }) => id));
          expect(page.items.length).toBeLessThanOrEqual(5);
          if (!page.more) return ids;
          after = ids.at(-1);
        }
      };
      const those = (wanted: (request: SignatureRequest) => boolean): RequestId[] =>
        made
          .filter(wanted)
          .map(({ id }) => id)
          .reverse();
      expect(await listed({})).toEqual(those(() => true));
      const ends = [39, 40, 41].map((limit) => store.requests.list({ ...all, limit }));
      expect((await Promise.all(ends)).map(({ more }) => more)).toEqual([true, false, false]);
      for (const status of REQUEST_STATUSES) {
        expect(await listed({ status })).toEqual(those((each) => each.status === status));
        expect(await listed({ status, keyId: b })).toEqual(those((each) => each.status === status && each.keyId === b));
      }
      expect(await listed({ status: 'confirmed' })).toEqual([]);
      expect(await listed({ keyId: b })).toEqual(those(({ keyId }) => keyId === b));
      expect(await listed({ keyId: b, status: 'pending' })).toEqual(
        those(({ keyId, status }) => keyId === b && status === 'pending'),
      );
      const ofWallet = those((each) => each.walletId === walletId);
      expect(ofWallet.length).toBeGreaterThan(1);
      expect(await listed({ walletId })).toEqual(ofWallet);
      expect(await listed({ walletId, keyId: a })).toEqual(ofWallet);
      expect(await listed({ walletId, keyId: b })).toEqual([]);
      const second = { groups: [groupId], keys: [] };
      expect(await listed({ among: second })).toEqual(those(({ keyId }) => keyId === c));
      expect(await listed({ among: { groups: [groupId], keys: [b, c] } })).toEqual(those(({ keyId }) => keyId !== a));
      expect(await listed({ among: { groups: [], keys: [b] }, status: 'pending' })).toEqual(
        those(({ keyId, status }) => keyId === b && status === 'pending'),
      );
      expect(await listed({ among: { groups: [], keys: [] } })).toEqual([]);
      expect(await listed({ among: second, keyId: a })).toEqual([]);
      expect(await listed({ among: second, keyId: c })).toEqual(those(({ keyId }) => keyId === c));
      expect(await listed({ among: second, walletId })).toEqual([]);
      expect(await listed({ among: { groups: [], keys: [a] }, walletId })).toEqual(ofWallet);
      expect(await listed({ accountId: newId(), keyId: a })).toEqual([]);
      await expect(store.requests.list({ ...all, limit: 0 })).rejects.toMatchObject({ code: 'invalid_request' });
    });

    it('end a page early where their bodies are large, without losing one', async () => {
      const { store, home } = await opened();
      const body = JSON.stringify('x'.repeat(1024 * 1024));
      const made = Array.from({ length: 10 }, () => newRequest(home, { body }));
      for (const request of made) await storeExecuting(store, home, request);
      const query = {
        accountId: home.account.id,
        keyId: undefined,
        walletId: undefined,
        status: undefined,
        among: 'all',
        limit: 100,
      } as const;
      const ids: RequestId[] = [];
      let pages = 0;
      for (let after: RequestId | undefined, more = true; more; pages++) {
        const page = await store.requests.list({ ...query, after });
        ids.push(...page.items.map(({ id }) => id));
        after = ids.at(-1);
        more = page.more;
      }
      expect(pages).toBe(2);
      expect(ids).toEqual(made.map(({ id }) => id).reverse());
    });
  });
}
