/** What every storage backend must do; a backend's own test calls `describeStoreContract`. */
import { randomBytes } from 'node:crypto';
import { type AccountId, type GroupId, type KeyId, newId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import { inclusionProof, verifyInclusion } from '@countersign/core/log/proof';
import type { Group } from '@countersign/core/ports/directory';
import type { LogHead } from '@countersign/core/ports/log-reader';
import { afterEach, describe, expect, it } from 'vitest';
import { describeGovernance } from './governance-contract.ts';
import { newCredential, newDelivery, newToken, newWallet, newWebhook } from './identity-fixtures.ts';
import { describeIdentityStore } from './identity-store-contract.ts';
import { describeKeyFamilies } from './key-families-contract.ts';
import { describeLogReader } from './log-reader-contract.ts';
import { describePolicyStore } from './policy-store-contract.ts';
import { describeRequests } from './requests-contract.ts';
import { describeRoles } from './role-store-contract.ts';
import type { Store } from './store.ts';
import {
  type Household,
  newHousehold,
  newIntent,
  newKey,
  newShare,
  recordIntent,
  signedOutcomes,
} from './store-fixtures.ts';
import { describeThresholdStore } from './threshold-store-contract.ts';
import { describeUsers } from './users-contract.ts';
import { describeVelocity } from './velocity-contract.ts';
import { describeWalletStore } from './wallet-store-contract.ts';
import { describeWebhookStore } from './webhook-store-contract.ts';

/** A place for one database: opened again, with the same service key, it holds what was stored. */
export interface StorePlace {
  open(options?: StoreTestOptions): Promise<Store>;
  remove(): Promise<void>;
}

export interface StoreTestOptions {
  readonly now?: () => number;
  /** Called before each commit; a promise holds it up, a throw makes it fail. */
  readonly beforeCommit?: () => void | Promise<void>;
}

/** How the parts of the contract get a store; what they open is closed and removed after each test. */
export interface StoreTests {
  /** A new store with one household in it. */
  opened(options?: StoreTestOptions): Promise<{ store: Store; home: Household; at: StorePlace }>;
  /** Closes the store and opens its place again. */
  reopened(store: Store, at: StorePlace): Promise<Store>;
}

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('hex');
const hexHead = ({ size, root }: LogHead): unknown => ({ size, root: hex(root) });
const bytesAsHex = (key: KeyRecord | undefined): unknown =>
  key === undefined
    ? undefined
    : {
        ...key,
        publicKey: Buffer.from(key.publicKey).toString('hex'),
        sealed: key.sealed && Buffer.from(key.sealed).toString('hex'),
      };

export function describeStoreContract(name: string, newPlace: () => Promise<StorePlace>): void {
  describe(`${name} as a store`, () => {
    const undo: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const step of undo.splice(0).reverse()) await step();
    });

    async function place(): Promise<StorePlace> {
      const made = await newPlace();
      undo.push(() => made.remove());
      return made;
    }

    async function opened(options?: StoreTestOptions): Promise<{ store: Store; home: Household; at: StorePlace }> {
      const at = await place();
      const store = await at.open(options);
      undo.push(() => store.close());
      const home = newHousehold();
      await store.directory.install(home);
      return { store, home, at };
    }

    async function reopened(store: Store, at: StorePlace): Promise<Store> {
      await store.close();
      const again = await at.open();
      undo.push(() => again.close());
      return again;
    }

    describeUsers({ opened, reopened });
    describeKeyFamilies({ opened, reopened });
    describeThresholdStore({ opened, reopened });
    describePolicyStore({ opened, reopened });
    describeIdentityStore({ opened, reopened });
    describeRoles({ opened, reopened });
    describeLogReader({ opened, reopened });
    describeWalletStore({ opened, reopened });
    describeWebhookStore({ opened, reopened });
    describeRequests({ opened, reopened });
    describeVelocity({ opened, reopened });
    describeGovernance({ opened, reopened });

    describe('directory', () => {
      it('is empty at first', async () => {
        const at = await place();
        const store = await at.open();
        undo.push(() => store.close());
        expect(await store.directory.firstAccount()).toBeUndefined();
        expect(await store.directory.principal(newId())).toBeUndefined();
        expect(await store.directory.session(randomBytes(32))).toBeUndefined();
      });

      it('gives back what was installed, after a restart too', async () => {
        const { store, home, at } = await opened();
        for (const next of [() => store, () => reopened(store, at)]) {
          const { directory } = await next();
          expect(await directory.firstAccount()).toEqual(home.account);
          expect(await directory.account(home.account.id)).toEqual(home.account);
          expect(await directory.group(home.account.id, home.group.id)).toEqual(home.group);
          expect(await directory.principal(home.administrator.id)).toEqual(home.administrator);
          expect((await directory.apiKeyDigests(home.administrator.id)).map(hex)).toEqual([hex(home.apiKeyDigest)]);
        }
      });

      it('installs everything or nothing', async () => {
        const { store, home } = await opened();
        const other = newHousehold();
        const installation = { ...other, administrator: { ...other.administrator, id: home.administrator.id } };
        const before = await store.log.head();
        await expect(store.directory.install(installation)).rejects.toMatchObject({ code: 'conflict' });
        // What it had logged before it failed is taken back as well.
        expect(hexHead(await store.log.head())).toEqual(hexHead(before));
        expect(await store.directory.account(other.account.id)).toBeUndefined();
        expect(await store.directory.group(other.account.id, other.group.id)).toBeUndefined();
      });

      it('shows a group to its own account only', async () => {
        const { store, home } = await opened();
        expect(await store.directory.group(newId(), home.group.id)).toBeUndefined();
      });

      it('replaces grants and settings, and the account has a new revision each time', async () => {
        const { store, home, at } = await opened();
        const { account, administrator } = home;
        const grants = [{ scope: { kind: 'key', keyId: newId<KeyId>() }, permissions: ['sign'] }] as const;
        await store.directory.setGrants(account.id, administrator.id, grants);
        const afterGrants = await store.directory.account(account.id);
        expect(afterGrants?.revision).toBeGreaterThan(account.revision);
        await store.directory.updateAccountSettings(account.id, { allowLegacy: ['sha-1'] });
        for (const next of [() => store, () => reopened(store, at)]) {
          const { directory } = await next();
          expect((await directory.principal(administrator.id))?.grants).toEqual(grants);
          const changed = await directory.account(account.id);
          expect(changed?.settings).toEqual({ allowLegacy: ['sha-1'] });
          expect(changed?.revision).toBeGreaterThan(afterGrants?.revision ?? 0);
        }
      });

      it('refuses what belongs to nothing', async () => {
        const { store, home } = await opened();
        const { directory } = store;
        const notFound = { code: 'not_found' };
        await expect(directory.setGrants(newId(), home.administrator.id, [])).rejects.toMatchObject(notFound);
        await expect(directory.updateAccountSettings(newId(), { allowLegacy: [] })).rejects.toMatchObject(notFound);
        await expect(directory.insertGroup({ ...home.group, id: newId(), accountId: newId() })).rejects.toMatchObject(
          notFound,
        );
        await expect(directory.insertGroup({ ...home.group, id: newId() })).rejects.toMatchObject({ code: 'conflict' });
      });

      it('keeps sessions, moves their expiry and forgets them when told', async () => {
        const { store, home, at } = await opened();
        const session = {
          tokenDigest: randomBytes(32),
          principalId: home.administrator.id,
          createdAtMs: 5,
          // A sliding lifetime may be a fraction; stored times are whole.
          expiresAtMs: Date.now() + 60_000.25,
        };
        await store.directory.insertSession(session);
        const stored = await store.directory.session(session.tokenDigest);
        expect(stored).toMatchObject({ principalId: session.principalId, createdAtMs: 5 });
        expect(stored?.expiresAtMs).toBe(Math.ceil(session.expiresAtMs));
        await store.directory.extendSession(session.tokenDigest, session.expiresAtMs + 5_000);
        const extended = Math.ceil(session.expiresAtMs + 5_000);
        expect((await store.directory.session(session.tokenDigest))?.expiresAtMs).toBe(extended);
        const again = await reopened(store, at);
        expect((await again.directory.session(session.tokenDigest))?.expiresAtMs).toBe(extended);
        await again.directory.removeSession(session.tokenDigest);
        expect(await again.directory.session(session.tokenDigest)).toBeUndefined();
        await again.directory.extendSession(session.tokenDigest, extended);
        expect(await again.directory.session(session.tokenDigest)).toBeUndefined();
      });
    });

    describe('keys', () => {
      it('come back with every field, by id and by name, cached or not', async () => {
        const { store, home, at } = await opened();
        const keys = [
          newKey(home),
          newKey(home, { sealed: undefined, deterministicSignatures: true, activatedAtMs: undefined, enabled: false }),
          newKey(home, { deterministicSignatures: false, exportable: true, name: 'ünïcode \u0000 name', version: 9 }),
        ];
        for (const key of keys) await store.keys.insert(key);
        for (const next of [() => store, () => store, () => reopened(store, at)]) {
          const each = await next();
          for (const key of keys) {
            const byName = { by: 'name', name: key.name ?? '' } as const;
            const found = await each.keys.resolve(home.account.id, [{ by: 'id', id: key.id }, byName]);
            expect(found.map(bytesAsHex)).toEqual([bytesAsHex(key), bytesAsHex(key)]);
          }
        }
      });

      it('are found in the order they were asked for, unknown ones as undefined', async () => {
        const { store, home } = await opened();
        const [a, b] = [newKey(home), newKey(home)];
        await store.keys.insert(a);
        await store.keys.insert(b);
        const found = await store.keys.resolve(home.account.id, [
          { by: 'id', id: b.id },
          { by: 'id', id: newId() },
          { by: 'name', name: a.name ?? '' },
          { by: 'name', name: 'no such key' },
          { by: 'id', id: b.id },
        ]);
        expect(found.map((key) => key?.id)).toEqual([b.id, undefined, a.id, undefined, b.id]);
      });

      it('are not found from another account', async () => {
        const { store, home } = await opened();
        const key = newKey(home);
        await store.keys.insert(key);
        const references = [
          { by: 'id', id: key.id },
          { by: 'name', name: key.name ?? '' },
        ] as const;
        await store.keys.resolve(home.account.id, references);
        expect(await store.keys.resolve(newId(), references)).toEqual([undefined, undefined]);
      });

      it('have names that are unique in their account, and only there', async () => {
        const { store, home } = await opened();
        const other = newHousehold();
        await store.directory.install(other);
        await store.keys.insert(newKey(home, { name: 'same' }));
        await store.keys.insert(newKey(other, { name: 'same' }));
        await expect(store.keys.insert(newKey(home, { name: 'same' }))).rejects.toMatchObject({ code: 'conflict' });
        await store.keys.insert(newKey(home, { name: undefined }));
        await store.keys.insert(newKey(home, { name: undefined }));
      });

      it('that are not to be stored are refused', async () => {
        const { store, home } = await opened();
        await expect(store.keys.insert(newKey(home, { persistence: 'transient' }))).rejects.toMatchObject({
          code: 'internal',
        });
      });

      it('are gone when removed, and the account has a new revision', async () => {
        const { store, home } = await opened();
        const key = newKey(home);
        await store.keys.insert(key);
        const references = [
          { by: 'id', id: key.id },
          { by: 'name', name: key.name ?? '' },
        ] as const;
        expect((await store.keys.resolve(home.account.id, references)).map((each) => each?.id)).toEqual([
          key.id,
          key.id,
        ]);
        expect((await store.directory.account(home.account.id))?.revision).toBe(home.account.revision);
        expect(await store.keys.remove(newId(), key.id, home.administrator.id)).toBe(false);
        expect(await store.keys.remove(home.account.id, key.id, home.administrator.id)).toBe(true);
        expect(await store.keys.remove(home.account.id, key.id, home.administrator.id)).toBe(false);
        expect(await store.keys.resolve(home.account.id, references)).toEqual([undefined, undefined]);
        expect((await store.directory.account(home.account.id))?.revision).toBeGreaterThan(home.account.revision);
        await store.keys.insert(newKey(home, { name: key.name }));
      });

      it('are listed by id, page by page, and by group', async () => {
        const { store, home } = await opened();
        const { account, administrator } = home;
        const second: Group = { ...home.group, id: newId(), name: 'second' };
        await store.directory.insertGroup(second);
        const keys = Array.from({ length: 25 }, (_, i) =>
          newKey(home, { groupId: i % 5 === 0 ? second.id : home.group.id }),
        );
        await Promise.all(keys.map((key) => store.keys.insert(key)));
        const sorted = keys.map((key) => key.id).sort();
        const listed: string[] = [];
        for (let after: KeyId | undefined; ; ) {
          const page = await store.keys.list({ accountId: account.id, among: 'all', after, limit: 7 });
          if (page.length === 0) break;
          listed.push(...page.map((key) => key.id));
          after = page.at(-1)?.id;
        }
        expect(listed).toEqual(sorted);
        const ofGroups = async (
          groups: readonly GroupId[],
          limit = 100,
          named: readonly KeyId[] = [],
        ): Promise<string[]> => {
          const among = { groups, keys: named };
          return (await store.keys.list({ accountId: account.id, among, after: undefined, limit })).map(
            (key) => key.id,
          );
        };
        const inSecond = keys.filter((key) => key.groupId === second.id).map((key) => key.id);
        expect(await ofGroups([second.id])).toEqual(inSecond.sort());
        expect(await ofGroups([second.id, home.group.id, second.id])).toEqual(sorted);
        expect(await ofGroups([second.id, home.group.id], 3)).toEqual(sorted.slice(0, 3));
        expect(await ofGroups([])).toEqual([]);
        const [least, next, third] = sorted as KeyId[];
        expect(await ofGroups([], 2, [third as KeyId, newId(), least as KeyId, next as KeyId])).toEqual(
          sorted.slice(0, 2),
        );
        const inHome = keys.find((key) => key.groupId === home.group.id)?.id as KeyId;
        expect(await ofGroups([second.id], 100, [inHome])).toEqual([...inSecond, inHome].sort());
        await store.keys.remove(account.id, sorted[0] as KeyId, administrator.id);
        expect(await ofGroups([second.id, home.group.id])).toEqual(sorted.slice(1));
        const foreign = {
          accountId: newId<AccountId>(),
          among: { groups: [second.id], keys: [inHome] },
          after: undefined,
          limit: 100,
        };
        expect(await store.keys.list(foreign)).toEqual([]);
      });

      it('remember their last use, sooner or later', async () => {
        const { store, home, at } = await opened();
        const key = newKey(home);
        await store.keys.insert(key);
        store.keys.touch([key.id, newId()], 1_234);
        const again = await reopened(store, at);
        const [found] = await again.keys.resolve(home.account.id, [{ by: 'id', id: key.id }]);
        expect(found?.lastUsedAtMs).toBe(1_234);
      });
    });

    describe('journal', () => {
      it('hands out batch ids that grow, over restarts too', async () => {
        const { store, home, at } = await opened();
        const first = await recordIntent(store, newIntent(home, 3));
        const second = await recordIntent(store, newIntent(home, 1));
        const again = await reopened(store, at);
        const third = await recordIntent(again, newIntent(home, 2));
        expect([first.itemCount, second.itemCount, third.itemCount]).toEqual([3, 1, 2]);
        expect(second.batchId).toBeGreaterThan(first.batchId);
        expect(third.batchId).toBeGreaterThan(second.batchId);
      });

      it('adds one leaf for an intent and one for each outcome', async () => {
        const { store, home } = await opened();
        const { size } = await store.log.head();
        const receipt = await recordIntent(store, newIntent(home, 10, 2));
        expect((await store.log.head()).size).toBe(size + 1);
        await store.journal.recordOutcome(receipt, signedOutcomes(10));
        expect((await store.log.head()).size).toBe(size + 11);
      });

      it('records a batch of which everything was refused, and expects no outcome for it', async () => {
        const { store, home, at } = await opened();
        const receipt = await recordIntent(store, newIntent(home, 0, 5));
        expect(receipt.itemCount).toBe(0);
        await store.journal.recordOutcome(receipt, []);
        const { size } = await store.log.head();
        const again = await reopened(store, at);
        expect(await again.closeOpenIntents()).toBe(0);
        expect((await again.log.head()).size).toBe(size);
      });

      it('finds an intent stale after a key was removed, a grant or a setting changed, but not after a key was made', async () => {
        const { store, home } = await opened();
        const { account, administrator } = home;
        const intent = newIntent(home, 1);
        const key = newKey(home);
        await store.keys.insert(key);
        expect((await store.journal.recordIntent(intent)).recorded).toBe(true);
        const changes = [
          () => store.keys.remove(account.id, key.id, administrator.id),
          () => store.directory.setGrants(account.id, administrator.id, []),
          () => store.directory.updateAccountSettings(account.id, { allowLegacy: [] }),
        ];
        for (const change of changes) {
          const accountRevision = (await store.directory.account(account.id))?.revision ?? 0;
          expect((await store.journal.recordIntent({ ...intent, accountRevision })).recorded).toBe(true);
          // In one turn, so that both may share a commit: the change was asked for first.
          const changed = change();
          const { size } = await store.log.head();
          const stale = await store.journal.recordIntent({ ...intent, accountRevision });
          await changed;
          expect(stale).toEqual({ recorded: false, reason: 'stale' });
          expect((await store.log.head()).size).toBe(size);
        }
      });

      it('takes one outcome for an intent, with as many items', async () => {
        const { store, home } = await opened();
        const receipt = await recordIntent(store, newIntent(home, 2));
        const internal = { code: 'internal' };
        await expect(store.journal.recordOutcome(receipt, signedOutcomes(1))).rejects.toMatchObject(internal);
        await store.journal.recordOutcome(receipt, signedOutcomes(2));
        const { size } = await store.log.head();
        await expect(store.journal.recordOutcome(receipt, signedOutcomes(2))).rejects.toMatchObject(internal);
        const forged = { batchId: receipt.batchId + 1, itemCount: 2 };
        await expect(store.journal.recordOutcome(forged, signedOutcomes(2))).rejects.toMatchObject(internal);
        expect((await store.log.head()).size).toBe(size);
      });

      it('closes the open intents of a former run as unknown, and none of this run', async () => {
        const { store, home, at } = await opened();
        await recordIntent(store, newIntent(home, 4));
        const done = await recordIntent(store, newIntent(home, 2));
        await recordIntent(store, newIntent(home, 3));
        await store.journal.recordOutcome(done, signedOutcomes(2));
        expect(await store.closeOpenIntents()).toBe(0);
        const { size } = await store.log.head();
        const again = await reopened(store, at);
        const running = await recordIntent(again, newIntent(home, 1));
        expect(await again.closeOpenIntents()).toBe(2);
        expect((await again.log.head()).size).toBe(size + 1 + 7);
        expect(await again.closeOpenIntents()).toBe(0);
        await again.journal.recordOutcome(running, signedOutcomes(1));
      });

      it('keeps the tree over a restart, and proves every leaf from its tiles', async () => {
        const { store, home, at } = await opened();
        for (const count of [1, 100, 155, 256, 30]) {
          const receipt = await recordIntent(store, newIntent(home, count));
          await store.journal.recordOutcome(receipt, signedOutcomes(count));
        }
        const head = await store.log.head();
        const again = await reopened(store, at);
        expect(hexHead(await again.log.head())).toEqual(hexHead(head));
        const read = async (level: number, index: number): Promise<Uint8Array> => {
          const tile = await again.log.readTile(level, index);
          if (tile === undefined) throw new Error(`no tile ${level}/${index}`);
          return tile;
        };
        for (const index of [0, 255, 256, head.size - 1]) {
          const leaf = (await read(0, index >> 8)).subarray((index & 255) * 32, ((index & 255) + 1) * 32);
          const proof = await inclusionProof(index, head.size, read);
          expect(verifyInclusion(leaf, index, head.size, proof, head.root)).toBe(true);
        }
        expect(await again.log.readTile(0, 1_000)).toBeUndefined();
        await again.log.appendEvent({ kind: 'test', accountId: home.account.id, by: undefined, details: {} });
        expect((await again.log.head()).size).toBe(head.size + 1);
      });

      it('logs the making and deleting of keys in the same transaction', async () => {
        const { store, home } = await opened();
        const key = newKey(home);
        const { size } = await store.log.head();
        await store.keys.insert(key);
        expect((await store.log.head()).size).toBe(size + 1);
        await expect(store.keys.insert(newKey(home, { name: key.name }))).rejects.toMatchObject({ code: 'conflict' });
        expect((await store.log.head()).size).toBe(size + 1);
        await store.keys.remove(home.account.id, key.id, home.administrator.id);
        expect((await store.log.head()).size).toBe(size + 2);
      });
    });

    describe('shared commits', () => {
      it('are fewer than the writes that share them', async () => {
        let commits = 0;
        const { store, home } = await opened({ beforeCommit: () => void commits++ });
        const before = commits;
        await Promise.all(Array.from({ length: 50 }, () => recordIntent(store, newIntent(home, 2))));
        expect(commits - before).toBeLessThan(5);
      });

      it('keep a write that fails from harming its neighbours', async () => {
        const { store, home } = await opened();
        const taken = newKey(home);
        await store.keys.insert(taken);
        const keys = Array.from({ length: 20 }, (_, i) => newKey(home, i % 4 === 0 ? { name: taken.name } : {}));
        const intent = newIntent(home, 300);
        const { size } = await store.log.head();
        const [results, receipt] = await Promise.all([
          Promise.allSettled(keys.map((key) => store.keys.insert(key))),
          recordIntent(store, intent),
        ]);
        expect(results.map(({ status }) => status)).toEqual(
          keys.map((_, i) => (i % 4 === 0 ? 'rejected' : 'fulfilled')),
        );
        await store.journal.recordOutcome(receipt, signedOutcomes(300));
        expect((await store.log.head()).size).toBe(size + 15 + 301);
        const listed = await store.keys.list({
          accountId: home.account.id,
          among: 'all',
          after: undefined,
          limit: 100,
        });
        expect(listed).toHaveLength(16);
      });

      it('let nothing out before they are done', async () => {
        const gate = newGate();
        const { store, home } = await opened({ beforeCommit: () => gate.passage });
        const key = newKey(home);
        const receipt = await recordIntent(store, newIntent(home, 1));
        gate.close();
        const settled: string[] = [];
        const session = {
          tokenDigest: randomBytes(32),
          principalId: home.administrator.id,
          createdAtMs: 1,
          expiresAtMs: 2,
        };
        const share = newShare(home);
        const by = home.administrator.id;
        const creation = { createdAtMs: 1, by };
        const token = newToken(home, by);
        const credential = newCredential(home, by);
        const webhook = newWebhook(home);
        const wallet = newWallet(home, key);
        const writes: [string, Promise<unknown>][] = [
          ['intent', store.journal.recordIntent(newIntent(home, 1))],
          ['refusal', store.journal.recordIntent(newIntent(home, 0, 1))],
          ['outcome', store.journal.recordOutcome(receipt, signedOutcomes(1))],
          ['key', store.keys.insert(key)],
          ['session', store.directory.insertSession(session)],
          ['settings', store.directory.updateAccountSettings(home.account.id, { allowLegacy: ['sha-1'] })],
          ['health', store.health()],
          ['share', store.threshold.insert(share)],
          ['nonces', store.threshold.reserveNonces(1, [randomBytes(32)])],
          ['identity', store.threshold.installIdentity({ sealed: randomBytes(9), publicBundle: randomBytes(9) })],
          ['API key', store.directory.insertApiKey(home.administrator.id, randomBytes(32), creation)],
          ['token', store.identities.insertToken({ ...token, credentialId: credential.id }, credential, by)],
          ['wallet', store.wallets.insert(wallet, by)],
          ['webhook', store.webhooks.insert(webhook, randomBytes(32), by)],
          ['delivery', store.webhooks.insertDelivery(newDelivery(webhook), 1)],
        ];
        for (const [name, write] of writes) void write.then(() => settled.push(name));
        await new Promise((resolve) => setTimeout(resolve, 60));
        expect(settled).toEqual([]);
        // Readers see what is durable, not what may still be taken back.
        expect(await store.keys.resolve(home.account.id, [{ by: 'id', id: key.id }])).toEqual([undefined]);
        expect((await store.directory.account(home.account.id))?.revision).toBe(home.account.revision);
        expect(await store.directory.session(session.tokenDigest)).toBeUndefined();
        expect(await store.threshold.find(home.account.id, share.id)).toBeUndefined();
        expect(await store.threshold.identity()).toBeUndefined();
        expect(await store.directory.apiKeyDigests(home.administrator.id)).toHaveLength(1);
        expect(await store.identities.tokenByDigest(token.digest)).toBeUndefined();
        expect((await store.directory.principal(by))?.requiresProof).toBe(false);
        expect(await store.wallets.find(home.account.id, wallet.id)).toBeUndefined();
        expect(await store.webhooks.due(1, 1)).toEqual([]);
        gate.open();
        await Promise.all(writes.map(([, write]) => write));
        expect(settled.sort()).toEqual(writes.map(([name]) => name).sort());
        expect((await store.keys.resolve(home.account.id, [{ by: 'id', id: key.id }]))[0]?.id).toBe(key.id);
        expect((await store.directory.account(home.account.id))?.settings.allowLegacy).toEqual(['sha-1']);
        expect((await store.threshold.find(home.account.id, share.id))?.id).toBe(share.id);
        expect(await store.directory.apiKeyDigests(home.administrator.id)).toHaveLength(2);
        expect((await store.identities.tokenByDigest(token.digest))?.id).toBe(token.id);
        expect((await store.directory.principal(by))?.requiresProof).toBe(true);
        expect((await store.wallets.find(home.account.id, wallet.id))?.id).toBe(wallet.id);
        expect(await store.webhooks.due(1, 1)).toHaveLength(1);
      });

      it('that fail refuse all their writes as retryable, and leave a store that works', async () => {
        let failing = false;
        const { store, home, at } = await opened({
          beforeCommit: () => {
            if (failing) throw new Error('planted fault');
          },
        });
        const receipt = await recordIntent(store, newIntent(home, 300));
        const before = await store.log.head();
        failing = true;
        const key = newKey(home);
        const results = await Promise.allSettled([
          store.keys.insert(key),
          store.journal.recordIntent(newIntent(home, 3)),
          store.journal.recordOutcome(receipt, signedOutcomes(300)),
          store.keys.insert(newKey(home)),
          store.health(),
        ]);
        for (const result of results)
          expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
        failing = false;
        expect(hexHead(await store.log.head())).toEqual(hexHead(before));
        expect(await store.keys.resolve(home.account.id, [{ by: 'id', id: key.id }])).toEqual([undefined]);
        await store.journal.recordOutcome(receipt, signedOutcomes(300));
        await store.keys.insert(key);
        const head = await store.log.head();
        expect(head.size).toBe(before.size + 301);
        expect(hexHead(await (await reopened(store, at)).log.head())).toEqual(hexHead(head));
      });

      it('finish when the store is closed, and later writes are refused', async () => {
        const { store, home, at } = await opened();
        const keys = Array.from({ length: 5 }, () => newKey(home));
        const inserts = keys.map((key) => store.keys.insert(key));
        const closed = store.close();
        await expect(store.keys.insert(newKey(home))).rejects.toMatchObject({ code: 'unavailable' });
        await Promise.all([...inserts, closed]);
        await expect(store.directory.firstAccount()).rejects.toMatchObject({ code: 'unavailable' });
        await expect(store.keys.resolve(home.account.id, [{ by: 'id', id: newId() }])).rejects.toMatchObject({
          code: 'unavailable',
        });
        const again = await at.open();
        undo.push(() => again.close());
        const found = await again.keys.resolve(
          home.account.id,
          keys.map(({ id }) => ({ by: 'id', id }) as const),
        );
        expect(found.map((key) => key?.id)).toEqual(keys.map((key) => key.id));
      });
    });
  });
}

/** Something to wait at: passage is free until it is closed. */
function newGate(): { readonly passage: Promise<void> | undefined; close(): void; open(): void } {
  let passage: Promise<void> | undefined;
  let release: (() => void) | undefined;
  return {
    get passage() {
      return passage;
    },
    close() {
      passage = new Promise((resolve) => {
        release = resolve;
      });
    },
    open() {
      passage = undefined;
      release?.();
    },
  };
}
