import { OPAQUE_VIEW } from '@countersign/chains/view';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyOf, walletOf } from '../test/governance-fixtures.ts';
import { recordingPorts } from '../test/recording-ports.ts';
import { ed25519Key, payloadOf } from '../test/request-world.ts';
import type { GoverningPolicy } from './governance/governing-policy.ts';
import { judgeSigning } from './governance/judge-item.ts';
import { buildPolicyIndex } from './governance/policy-index.ts';
import { type KeyId, newId } from './ids.ts';
import { judgeGoverned } from './judge-governed.ts';
import type { Judged } from './judged-batch.ts';
import type { KeyRecord } from './key-record.ts';
import { prepareItem } from './prepare-item.ts';
import type { ParsedItem, SigningItem } from './signing-item.ts';
import type { Wallet } from './wallets/wallet.ts';

const parent = ed25519Key();
const child = ed25519Key({ derivedFrom: { keyId: parent.id, path: [1] } });
const KEYS = [ed25519Key(), parent, child, ed25519Key()];
const WALLETS = new Map<KeyId, readonly Wallet[]>(
  KEYS.map((key, index) => [key.id, index === 0 ? [] : [walletOf(['a'])]]),
);
const { caller, dependencies } = recordingPorts(KEYS);
const account = await dependencies.directory.account(caller.principal.accountId);

/** A batch as the built-in rules leave it, with one item for each index of a key, and what is asked of the wallets. */
async function judgeBatch(policies: readonly GoverningPolicy[], indexes: readonly number[]) {
  if (account === undefined) throw new Error('no account');
  const keys = indexes.map((index) => KEYS[index] ?? parent);
  const items = keys.map((key): ParsedItem<SigningItem> & { readonly ok: true } => ({
    ok: true,
    item: { key: { by: 'id', id: key.id }, payload: payloadOf(key, 'text'), options: {} },
  }));
  const judged: Judged = {
    allowed: {
      places: keys.map((_, place) => place),
      permitted: keys.map((key, place) => permittedOf(key, items[place])),
    },
    results: keys.map(() => undefined),
    intents: keys.map((key) => ({ keyId: key.id, keyVersion: key.version, payloadDigest: new Uint8Array(32) })),
    refused: [],
  };
  const index = buildPolicyIndex(policies);
  const asked: KeyId[] = [];
  const governance = {
    policies: { cached: () => index as never },
    wallets: {
      ofKeys: (_account: unknown, ids: readonly KeyId[]) => {
        asked.push(...ids);
        return ids.map((id) => WALLETS.get(id) ?? []);
      },
    },
    prices: { valueUsdMicros: () => undefined },
  };
  const terms = { account, caller, nowMs: 1 };
  const batch = await judgeGoverned(governance, index, terms, judged, items, []);
  const alone = keys.map((key) =>
    judgeSigning(index, {
      principal: caller.principal,
      key,
      view: OPAQUE_VIEW,
      prices: governance.prices,
      wallets: WALLETS.get(key.id) ?? [],
      walletId: undefined,
    }),
  );
  return { batch, alone, asked, keys };
}

function permittedOf(key: KeyRecord, parsed: ParsedItem<SigningItem> | undefined) {
  const preparation = parsed?.ok === true ? prepareItem(key, parsed.item) : undefined;
  if (preparation?.ok !== true) throw new Error('not prepared');
  const { scheme, bytes } = preparation.prepared;
  return { key, scheme, bytes };
}

const filters = fc.oneof(
  fc.constant({}),
  fc.subarray([...KEYS.map(({ id }) => id), newId<KeyId>()], { minLength: 1 }).map((keyIds) => ({ keyIds })),
  fc
    .subarray([...[...WALLETS.values()].flat().map(({ id }) => id), walletOf().id], { minLength: 1 })
    .map((walletIds) => ({ walletIds })),
  fc.constantFrom('a', 'b').map((tag) => ({ walletTagsAny: [tag] })),
);
const policies = fc.array(
  filters.map((each) => policyOf({ filters: each, action: { kind: 'block' } })),
  { maxLength: 3 },
);
const batches = fc.array(fc.nat({ max: KEYS.length - 1 }), { minLength: 1, maxLength: 12 });

describe('judgeGoverned', () => {
  it('judges each item as it would be judged alone, and leaves out only batches that no policy is about', async () => {
    await fc.assert(
      fc.asyncProperty(policies, batches, async (list, indexes) => {
        const { batch, alone } = await judgeBatch(list, indexes);
        if (alone.every(({ evaluations }) => evaluations.length === 0)) {
          expect(batch).toBeUndefined();
          return;
        }
        expect(batch?.cases.map(({ parts: { verdict } }) => [verdict.verdict, verdict.evaluations])).toEqual(
          alone.map(({ verdict, evaluations }) => [verdict, evaluations]),
        );
      }),
    );
  });

  it('looks up the wallets of each key once, however many items it signs', async () => {
    const { asked } = await judgeBatch([policyOf()], [0, 1, 0, 0, 1, 0]);
    expect(asked).toEqual([KEYS[0]?.id, KEYS[1]?.id]);
  });
});
