/** The part of the store's contract that is about velocity limits: what was spent counts, exactly, and never too little. */

import type { ReservedSpend } from '@countersign/core/governance/governance-verdict';
import { type GoverningPolicyId, type KeyId, newId, newOrderedId } from '@countersign/core/ids';
import type { Diverted, IntentItem } from '@countersign/core/ports/signing-journal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  intentOf,
  itemOf,
  newPendingRequest,
  newRequest,
  newSpend,
  refusedFor,
  storedItem,
} from './governance-fixtures.ts';
import type { Store } from './store.ts';
import type { StoreTests } from './store-contract.ts';
import type { Household } from './store-fixtures.ts';

const HUGE = 10n ** 40n;

export function describeVelocity({ opened, reopened }: StoreTests): void {
  const digest = new Uint8Array(32);
  const refuse = ({ keyId }: { readonly keyId: KeyId }): Diverted => ({
    to: 'refused',
    item: { keyId, payloadDigest: digest, code: 'denied_by_policy' },
  });
  function spending(keyId: KeyId, spends: readonly ReservedSpend[], divert?: IntentItem['divert']): IntentItem {
    return { keyId, keyVersion: 1, payloadDigest: digest, spends, divert: divert ?? (() => refuse({ keyId })) };
  }
  /** Indexes of the items that went on. */
  async function record(store: Store, home: Household, items: readonly IntentItem[]): Promise<number[]> {
    const outcome = await store.journal.recordIntent(intentOf(home, items));
    if (!outcome.recorded) throw new Error(`not recorded: ${outcome.reason}`);
    const { receipt, diverted } = outcome;
    const passed = items.map((_, index) => index).filter((index) => diverted?.has(index) !== true);
    expect(receipt.itemCount).toBe(passed.length);
    return passed;
  }

  describe('velocity limits', () => {
    it('agree with a plain sum over the window, for any amounts, times, batches, keys and policies', async () => {
      const spend = fc.record({
        policy: fc.nat(1),
        key: fc.nat(1),
        amount: fc.oneof(fc.bigInt(0n, 12n), fc.constant(HUGE), fc.bigInt(HUGE - 3n, HUGE)),
        enforced: fc.boolean(),
      });
      const batch = fc.record({ laterMs: fc.integer({ min: 0, max: 40 }), spends: fc.array(spend, { maxLength: 6 }) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(batch, { maxLength: 12 }),
          fc.constantFrom(20n, HUGE + 20n),
          async (batches, limit) => {
            let nowMs = 1_000_000;
            const { store, home } = await opened({ now: () => nowMs });
            const policies = [newOrderedId<GoverningPolicyId>(), newOrderedId<GoverningPolicyId>()];
            const keys = [newId<KeyId>(), newId<KeyId>()];
            const spent: { series: string; atMs: number; amount: bigint }[] = [];
            for (const { laterMs, spends } of batches) {
              nowMs += laterMs;
              if (spends.length === 0) continue;
              const expected: number[] = [];
              const items = spends.map(({ policy, key, amount, enforced }, index) => {
                const windowMs = policy === 0 ? 50 : 80;
                const series = `${policy} ${key}`;
                const sum = spent
                  .filter((each) => each.series === series && each.atMs > nowMs - windowMs)
                  .reduce((total, each) => total + each.amount, amount);
                if (!enforced || sum <= limit) {
                  expected.push(index);
                  spent.push({ series, atMs: nowMs, amount });
                }
                const policyId = policies[policy] ?? newOrderedId();
                return spending(keys[key] ?? newId(), [newSpend({ policyId, windowMs, limit, amount, enforced })]);
              });
              expect(await record(store, home, items)).toEqual(expected);
            }
          },
        ),
        { numRuns: 25 },
      );
    });

    it('hold for 64 callers of 1,000 items each at the same time', async () => {
      const { store, home } = await opened({ now: () => 5_000 });
      const spends = [newSpend({ limit: 1_234n, amount: 1n })];
      const keyId = newId<KeyId>();
      const passed = await Promise.all(
        Array.from({ length: 64 }, () =>
          record(
            store,
            home,
            Array.from({ length: 1_000 }, () => spending(keyId, spends)),
          ),
        ),
      );
      expect(passed.reduce((sum, { length }) => sum + length, 0)).toBe(1_234);
      expect(await record(store, home, [spending(keyId, spends)])).toEqual([]);
    });

    it('keep nothing of an item that one of its limits turns away, and all of one that goes on', async () => {
      const { store, home } = await opened({ now: () => 5_000 });
      const keyId = newId<KeyId>();
      const [roomy, tight] = [newSpend({ limit: 10n, amount: 6n }), newSpend({ limit: 10n, amount: 11n })];
      const asked: (readonly number[])[] = [];
      const turnAway = (over: readonly number[]): Diverted => {
        asked.push(over);
        return refuse({ keyId });
      };
      expect(await record(store, home, [spending(keyId, [roomy, tight], turnAway)])).toEqual([]);
      expect(await record(store, home, [spending(keyId, [roomy])])).toEqual([0]);
      expect(await record(store, home, [spending(keyId, [tight, roomy, tight], turnAway)])).toEqual([]);
      // Only noted: it counts all the same.
      const note = (over: readonly number[]): Diverted => {
        asked.push(over);
        return { to: 'intent' };
      };
      expect(await record(store, home, [spending(keyId, [roomy], note)])).toEqual([0]);
      const small = { ...roomy, limit: 13n, amount: 1n };
      expect(await record(store, home, [spending(keyId, [small]), spending(keyId, [small])])).toEqual([0]);
      expect(asked).toEqual([[1], [0, 1, 2], [0]]);
    });

    it('see what one item spends twice of the same limit', async () => {
      const { store, home } = await opened({ now: () => 5_000 });
      const keyId = newId<KeyId>();
      const six = newSpend({ limit: 10n, amount: 6n });
      expect(await record(store, home, [spending(keyId, [six, six])])).toEqual([]);
      expect(await record(store, home, [spending(keyId, [six, { ...six, amount: 4n }])])).toEqual([0]);
    });

    it('turn an item into a request that waits, stored in its place', async () => {
      const { store, home } = await opened({ now: () => 5_000 });
      const { request, approval } = newPendingRequest(home);
      const { keyId } = request;
      const pending: Diverted = { to: 'pending', item: { keyId, payloadDigest: digest, request, approval } };
      const signed = newRequest(home, { id: request.id, keyId });
      const over = itemOf(signed, { spends: [newSpend({ amount: 11n })], divert: () => pending });
      const outcome = await store.journal.recordIntent(intentOf(home, [over]));
      if (!outcome.recorded) throw new Error('not recorded');
      expect(outcome.receipt.itemCount).toBe(0);
      expect(outcome.diverted?.get(0)).toBe(pending);
      expect(await store.requests.byId(request.id)).toStrictEqual(request);
      expect(await store.requests.findApproval(home.account.id, approval.id)).toStrictEqual(approval);
    });

    it('are spent once for a request, however often it is signed again', async () => {
      const { store, home, at } = await opened();
      const request = newRequest(home);
      const { keyId } = request;
      const spends = [newSpend({ limit: 10n, amount: 7n, windowMs: 2_000_000_000 })];
      const divert = (): Diverted => refusedFor({ ...request, status: 'rejected' });
      expect(await record(store, home, [itemOf(request, { spends, divert })])).toEqual([0]);
      const again = await reopened(store, at);
      await again.closeOpenIntents();
      expect(await record(again, home, [storedItem(request, 1, { spends, divert })])).toEqual([0]);
      const [spend] = spends;
      if (spend === undefined) throw new Error('no spend');
      const three = spending(keyId, [{ ...spend, amount: 3n }]);
      expect(await record(again, home, [three, three])).toEqual([0]);
    });

    it('count for longer, and never for less, when the clock is set back', async () => {
      let nowMs = 100_000;
      const { store, home } = await opened({ now: () => nowMs });
      const keyId = newId<KeyId>();
      const spends = [newSpend({ limit: 10n, amount: 5n, windowMs: 1_000 })];
      const one = async (): Promise<boolean> => (await record(store, home, [spending(keyId, spends)])).length === 1;
      expect(await one()).toBe(true);
      nowMs -= 5_000;
      expect([await one(), await one()]).toEqual([true, false]);
      nowMs += 5_999;
      expect(await one()).toBe(false);
      nowMs += 1;
      expect(await one()).toBe(true);
    });

    it('count signatures and dollars apart, also where a policy goes from one to the other and back', async () => {
      const { store, home } = await opened();
      const keyId = newId<KeyId>();
      const dollars = newSpend({ unit: 'usd-micros', limit: 100n, amount: 60n });
      const signatures = { ...dollars, unit: 'signatures', limit: 2n, amount: 1n } as const;
      const one = async (spend: ReservedSpend): Promise<boolean> =>
        (await record(store, home, [spending(keyId, [spend])])).length === 1;
      expect([await one(dollars), await one(signatures), await one(signatures)]).toEqual([true, true, true]);
      expect([await one(signatures), await one(dollars)]).toEqual([false, false]);
      const both = spending(keyId, [
        { ...signatures, limit: 3n },
        { ...dollars, amount: 40n },
      ]);
      expect(await record(store, home, [both, both])).toEqual([0]);
    });

    it('refuse what breaks their contract', async () => {
      const { store, home } = await opened();
      const keyId = newId<KeyId>();
      const bad = [
        spending(keyId, [newSpend({ amount: -1n })]),
        spending(keyId, [newSpend({ windowMs: 0 })]),
        spending(keyId, [newSpend({ windowMs: 43_200 * 60_000 + 1 })]),
        { keyId, keyVersion: 1, payloadDigest: digest, spends: [newSpend({ amount: 11n })] },
      ];
      const { size } = await store.log.head();
      for (const item of bad)
        await expect(store.journal.recordIntent(intentOf(home, [item]))).rejects.toMatchObject({ code: 'internal' });
      expect((await store.log.head()).size).toBe(size);
    });
  });
}
