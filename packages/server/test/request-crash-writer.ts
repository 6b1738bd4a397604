/**
 * For the crash tests of requests: a program that stores, approves and signs requests as fast as it can and prints what
 * was acknowledged, one JSON line each, until it is killed. Its arguments: the path of the database, and the ids of the
 * policy and the key whose limit is spent, one for each request.
 */
import { writeSync } from 'node:fs';
import type { GoverningPolicyId, KeyId, RequestId } from '@countersign/core/ids';
import type { IntentItem } from '@countersign/core/ports/signing-journal';
import {
  intentOf,
  itemOf,
  newPendingRequest,
  newRequest,
  newSpend,
  resolveApproval,
  signedCompletion,
  storedItem,
  storePending,
} from '../src/storage/governance-fixtures.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { newHousehold, signedOutcomes } from '../src/storage/store-fixtures.ts';

export const REQUEST_CRASH_WRITER_PATH = import.meta.filename;

export interface RequestAcknowledgement {
  readonly what: 'pending' | 'approved' | 'executing' | 'signed';
  readonly accountId: string;
  readonly id: RequestId;
}

async function write(path: string, policyId: GoverningPolicyId, keyId: KeyId): Promise<never> {
  const store = await openSqliteStore({ path });
  const home = newHousehold();
  await store.directory.install(home);
  const spends = [newSpend({ policyId, limit: 10n ** 30n, amount: 1n, windowMs: 1_000_000_000 })];
  const acknowledge = (what: RequestAcknowledgement['what'], id: RequestId): void => {
    // Straight into the pipe: a line that is still in this process when it is killed would hide a loss.
    writeSync(1, `${JSON.stringify({ what, accountId: home.account.id, id } satisfies RequestAcknowledgement)}\n`);
  };
  const sign = async (id: RequestId, item: IntentItem): Promise<void> => {
    const outcome = await store.journal.recordIntent(intentOf(home, [item]));
    if (!outcome.recorded) throw new Error(`not recorded: ${outcome.reason}`);
    acknowledge('executing', id);
    await store.journal.recordOutcome(outcome.receipt, signedOutcomes(1), [signedCompletion(id)]);
    acknowledge('signed', id);
  };
  const atOnce = async (): Promise<never> => {
    for (;;) {
      const request = newRequest(home, { keyId });
      await sign(request.id, itemOf(request, { spends }));
    }
  };
  const afterApproval = async (): Promise<never> => {
    for (;;) {
      const pair = newPendingRequest(home, { keyId });
      const { id } = pair.request;
      await storePending(store, home, pair);
      acknowledge('pending', id);
      await resolveApproval(store, pair.approval, 'approved');
      acknowledge('approved', id);
      await sign(id, storedItem(pair.request, 1, { spends }));
    }
  };
  return Promise.race([atOnce(), atOnce(), afterApproval(), afterApproval()]);
}

if (import.meta.main)
  await write(process.argv[2] ?? '', process.argv[3] as GoverningPolicyId, process.argv[4] as KeyId);
