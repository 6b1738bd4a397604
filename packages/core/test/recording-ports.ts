/**
 * Small ports for tests of the signing path: they keep what they are given and note the order of calls. The custody
 * "signs" with SHA-256 over key id and bytes, so that a wrong pairing of item and signature shows.
 */
import { hash } from 'node:crypto';
import type { Account } from '../src/account.ts';
import { type AccountId, type GroupId, newId, type PrincipalId } from '../src/ids.ts';
import type { KeyRecord } from '../src/key-record.ts';
import { PermitSet } from '../src/permit.ts';
import { BUILT_IN_RULES } from '../src/policy/built-in-rules.ts';
import type { Custody, CustodySignature } from '../src/ports/custody.ts';
import type { Directory, KeyStore } from '../src/ports/directory.ts';
import type { Intent, IntentOutcome, OutcomeItem } from '../src/ports/signing-journal.ts';
import type { Caller, Principal } from '../src/principal.ts';
import type { SigningDependencies } from '../src/sign-batch.ts';

export const accountId = newId<AccountId>();
export const groupId = newId<GroupId>();
const principalId = newId<PrincipalId>();

export function principalWith(grants: Principal['grants']): Principal {
  return {
    id: principalId,
    accountId,
    kind: 'service',
    name: 'p',
    enabled: true,
    defaultGroupId: groupId,
    grants,
    requiresProof: false,
  };
}

export const administrator = principalWith([{ scope: { kind: 'account' }, permissions: ['administer'] }]);

export function keyOf(overrides: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id: newId(),
    accountId,
    groupId,
    name: 'key',
    description: '',
    algorithm: 'ecdsa-p256',
    parameters: {},
    custody: 'hash',
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
    createdBy: principalId,
    createdAtMs: 0,
    activatedAtMs: 0,
    lastUsedAtMs: undefined,
    version: 1,
    ...overrides,
  };
}

export function expectedSignature(key: KeyRecord, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', Buffer.concat([Buffer.from(key.id), bytes]), 'buffer'));
}

export function hashCustody(name: string, calls: string[]): Custody {
  return {
    name,
    async sign(permits) {
      const { items } = PermitSet.redeem(permits);
      calls.push(`sign:${name}`);
      return items.map((item): CustodySignature => {
        const signature = expectedSignature(item.key, item.bytes);
        return { status: 'signed', signature, signatureDigest: hash('sha256', signature, 'buffer') };
      });
    },
    generate: () => Promise.reject(new Error('not part of these tests')),
    importKey: () => Promise.reject(new Error('not part of these tests')),
  };
}

export interface Recording {
  readonly calls: string[];
  readonly intents: Intent[];
  readonly outcomes: (readonly OutcomeItem[])[];
  readonly dependencies: SigningDependencies;
  readonly caller: Caller;
  /** Moves the account's revision, as a change of keys or grants does. */
  bumpRevision(): void;
}

export function recordingPorts(
  keys: readonly KeyRecord[],
  principal: Principal = administrator,
  overrides: Partial<SigningDependencies> = {},
): Recording {
  const calls: string[] = [];
  const intents: Intent[] = [];
  const outcomes: (readonly OutcomeItem[])[] = [];
  let account: Account = { id: accountId, name: 'a', settings: { allowLegacy: [] }, createdAtMs: 0, revision: 1 };
  let batchId = 0;
  const unused = (): never => {
    throw new Error('not part of these tests');
  };
  const keyStore: KeyStore = {
    resolve: async (_account, references) => {
      calls.push(`resolve:${references.length}`);
      return references.map((reference) =>
        keys.find((key) =>
          reference.by === 'id' ? key.id === reference.id : reference.by === 'name' && key.name === reference.name,
        ),
      );
    },
    insert: unused,
    change: unused,
    highestChildIndex: unused,
    remove: unused,
    list: unused,
    touch: (ids) => {
      calls.push(`touch:${ids.length}`);
    },
  };
  const directory: Directory = {
    account: async () => account,
    principal: async () => principal,
    apiKeyDigests: unused,
    insertApiKey: unused,
    removeApiKey: unused,
    insertUser: unused,
    removeUser: unused,
    principals: unused,
    group: unused,
    install: unused,
    insertAccount: unused,
    insertGroup: unused,
    insertPrincipal: unused,
    setGrants: unused,
    updateAccountSettings: unused,
    firstAccount: unused,
    insertSession: unused,
    session: unused,
    extendSession: unused,
    removeSession: unused,
  };
  const dependencies: SigningDependencies = {
    keys: keyStore,
    directory,
    journal: {
      async recordIntent(intent): Promise<IntentOutcome> {
        calls.push('intent');
        if (intent.accountRevision !== account.revision) return { recorded: false, reason: 'stale' };
        intents.push(intent);
        batchId += 1;
        return { recorded: true, receipt: { batchId, itemCount: intent.items.length } };
      },
      async recordOutcome(_receipt, items) {
        calls.push('outcome');
        outcomes.push(items);
      },
    },
    custodies: new Map([['hash', hashCustody('hash', calls)]]),
    verifier: {
      verify: async (jobs) => {
        calls.push(`verify:${jobs.length}`);
        return jobs.map((job) => Buffer.compare(job.signature, expectedSignature(job.key, job.bytes)) === 0);
      },
    },
    rules: BUILT_IN_RULES,
    external: undefined,
    governance: undefined,
    now: () => 1,
    observe: () => {},
    ...overrides,
  };
  return {
    calls,
    intents,
    outcomes,
    dependencies,
    caller: { principal, session: undefined, dialect: 'test' },
    bumpRevision: () => {
      account = { ...account, revision: account.revision + 1 };
    },
  };
}
