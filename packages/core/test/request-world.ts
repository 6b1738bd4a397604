/**
 * A small world for tests of stored requests: one account, people, keys, policies, a signer that can go away, and a
 * database that outlives the process. `start` is a process: one that is let go of and another one after it are a crash.
 */
import { hash } from 'node:crypto';
import type { Chain, JsonValue } from '@countersign/chains/chain';
import type { Account } from '../src/account.ts';
import type { ExternalRules } from '../src/ask-external-rules.ts';
import type { Decision } from '../src/governance/approval.ts';
import type { GoverningPolicy } from '../src/governance/governing-policy.ts';
import { newId, type PrincipalId, type RequestId } from '../src/ids.ts';
import type { KeyRecord } from '../src/key-record.ts';
import { PermitSet } from '../src/permit.ts';
import type { Custody, CustodySignature } from '../src/ports/custody.ts';
import { NO_PRICES } from '../src/ports/price-source.ts';
import type { SigningJournal } from '../src/ports/signing-journal.ts';
import type { Caller, Permission, Principal } from '../src/principal.ts';
import { createRequests, type RequestService } from '../src/requests/create-requests.ts';
import type { NewSignatureRequest, RequestResult } from '../src/requests/requests.ts';
import type { SignatureRequest } from '../src/requests/signature-request.ts';
import { createSignBatch, type SignBatch, type SigningDependencies } from '../src/sign-batch.ts';
import type { ParsedItem } from '../src/signing-item.ts';
import type { Wallet } from '../src/wallets/wallet.ts';
import { groupOf, policyOf } from './governance-fixtures.ts';
import { closeOpenIntents, inMemoryRequests, requestDatabase } from './in-memory-request-store.ts';
import { accountId, groupId, keyOf, recordingPorts } from './recording-ports.ts';

export { groupOf, policyOf };

/** Ed25519: what is signed is the message itself. */
export function ed25519Key(overrides: Partial<KeyRecord> = {}): KeyRecord {
  return keyOf({ algorithm: 'ed25519', publicKey: new Uint8Array(32).fill(7), custody: 'world', ...overrides });
}

export function secp256k1Key(overrides: Partial<KeyRecord> = {}): KeyRecord {
  return keyOf({ algorithm: 'ecdsa-secp256k1', publicKey: new Uint8Array(65).fill(4), custody: 'world', ...overrides });
}

/** What the world's signer makes of key and bytes. */
export function worldSignature(key: Pick<KeyRecord, 'id' | 'algorithm'>, bytes: Uint8Array): Uint8Array {
  const half = hash('sha256', Buffer.concat([Buffer.from(key.id), bytes]), 'buffer');
  return Uint8Array.from([...half, ...half, ...(key.algorithm === 'ecdsa-secp256k1' ? [1] : [])]);
}

/**
 * A chain whose payload is a list of texts, each a part to sign; its view pays the payload's `to`. A text `bad` isn't taken.
 */
export const textChain: Chain = {
  name: 'text',
  formats: ['list'],
  address: () => 'here',
  decode: ({ content }, { algorithm }) => {
    const { texts, to } = content as { readonly texts: readonly JsonValue[]; readonly to: string };
    if (texts.includes('bad')) return { ok: false, reason: 'a text is bad' };
    const kind = algorithm.startsWith('ecdsa-') ? 'digest' : 'message';
    return {
      ok: true,
      value: {
        view: {
          kind: 'decoded',
          chain: 'text',
          format: 'list',
          network: undefined,
          transfers: [{ effect: 'transfer', asset: { kind: 'native' }, to, amount: '1' }],
          calls: [],
          fee: undefined,
          expiresAtMs: undefined,
          memo: undefined,
          complete: true,
          warnings: [],
        },
        parts: texts.map((text) => ({
          kind,
          bytes: kind === 'digest' ? hash('sha256', String(text), 'buffer') : Buffer.from(String(text)),
        })),
        assemble: (signatures) => ({
          encoded: signatures.map(({ bytes }) => Uint8Array.of(0xee, ...bytes)),
          signedData: Buffer.concat(signatures.map(({ bytes }) => bytes)),
          details: { count: signatures.length },
        }),
      },
    };
  },
};

export interface Process extends RequestService {
  readonly signBatch: SignBatch;
  create(...requests: readonly NewSignatureRequest[]): Promise<readonly RequestResult[]>;
}

export interface World {
  readonly database: ReturnType<typeof requestDatabase>;
  readonly keys: KeyRecord[];
  readonly principals: Map<PrincipalId, Principal>;
  readonly policies: GoverningPolicy[];
  readonly wallets: Wallet[];
  readonly requester: Principal;
  /** `works`, or the status that every signature has instead. */
  signer: 'works' | CustodySignature['status'];
  /** What was signed, in order: the bytes in hexadecimal. */
  readonly signed: string[];
  nowMs: number;
  readonly faults: unknown[];
  /** Called before each call of the journal with its name; throws to make it fail. */
  onJournal: (call: keyof SigningJournal) => void | Promise<void>;
  external: ExternalRules | undefined;
  /** Waits that are under way. */
  readonly waits: { readonly ms: number; readonly end: () => void }[];
  /** Ends all waits that are under way and lets what follows run. */
  elapse(): Promise<void>;
  /** A change of policies, keys or grants. */
  bumpRevision(): void;
  addPolicy(overrides?: Partial<GoverningPolicy>): GoverningPolicy;
  addPrincipal(permissions: readonly Permission[], overrides?: Partial<Principal>): Principal;
  callerOf(principal: Principal): Caller;
  start(): Process;
  /** Ends a process as a crash does, and lets the store find out. */
  crash(process: Process): void;
  stored(id: RequestId | undefined): SignatureRequest;
  /** Decisions as `decide` would have left them. */
  approve(request: SignatureRequest, ...by: readonly Principal[]): void;
}

export function plainRequest(
  key: KeyRecord,
  text: string,
  more: Partial<NewSignatureRequest> = {},
): NewSignatureRequest {
  return {
    key: { by: 'id', id: key.id },
    walletId: undefined,
    content: { kind: 'plain', payload: payloadOf(key, text), options: {} },
    body: JSON.stringify({ text }),
    externalId: undefined,
    ...more,
  };
}

export function textRequest(
  key: KeyRecord,
  texts: readonly string[],
  to = 'friend',
  more: Partial<NewSignatureRequest> = {},
): NewSignatureRequest {
  const payload = { chain: 'text', format: 'list', network: undefined, content: { texts, to } };
  return plainRequest(key, '', { content: { kind: 'chain', payload, options: {} }, ...more });
}

export function payloadOf(key: KeyRecord, text: string) {
  const bytes = Buffer.from(text);
  return key.algorithm === 'ed25519'
    ? ({ kind: 'message', bytes, digest: undefined } as const)
    : ({ kind: 'digest', bytes: hash('sha256', bytes, 'buffer'), digest: 'sha-256' } as const);
}

export function requestWorld(...keys: KeyRecord[]): World {
  let account: Account = { id: accountId, name: 'a', settings: { allowLegacy: [] }, createdAtMs: 0, revision: 1 };
  let index: { readonly revision: number; readonly value: object } | undefined;
  const principals = new Map<PrincipalId, Principal>();
  const addPrincipal: World['addPrincipal'] = (permissions, overrides = {}) => {
    const principal: Principal = {
      id: newId(),
      accountId,
      kind: 'user',
      name: 'person',
      enabled: true,
      defaultGroupId: groupId,
      grants: [{ scope: { kind: 'account' }, permissions }],
      requiresProof: false,
      ...overrides,
    };
    principals.set(principal.id, principal);
    return principal;
  };
  const world: World = {
    database: requestDatabase(),
    keys,
    principals,
    policies: [],
    wallets: [],
    requester: addPrincipal(['sign', 'blind-sign', 'confirm-request']),
    signer: 'works',
    signed: [],
    nowMs: 1_000,
    faults: [],
    onJournal: () => {},
    external: undefined,
    waits: [],
    async elapse() {
      for (const { end } of world.waits.splice(0)) end();
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    },
    bumpRevision: () => {
      account = { ...account, revision: account.revision + 1 };
    },
    addPolicy(overrides = {}) {
      const policy = policyOf({ accountId, ...overrides });
      world.policies.push(policy);
      world.bumpRevision();
      return policy;
    },
    addPrincipal,
    callerOf: (principal) => ({ principal, session: undefined, dialect: 'test' }),
    start: () => startProcess(world, dependencies),
    crash(process) {
      process.stop();
      closeOpenIntents(world.database);
    },
    stored(id) {
      const request = world.database.requests.get(id ?? '');
      if (request === undefined) throw new Error('no such request');
      return request;
    },
    approve(request, ...by) {
      const approval = world.database.approvals.get(request.approvalId ?? '');
      if (approval === undefined) throw new Error('no such approval');
      const decisions = by.map(({ id }): Decision => {
        const evidence = { kind: 'session' } as const;
        return { principalId: id, value: 'approved', reason: undefined, atMs: world.nowMs, evidence };
      });
      world.database.approvals.set(approval.id, { ...approval, status: 'approved', decisions, version: 2 });
    },
  };
  const custody: Custody = {
    name: 'world',
    async sign(permits) {
      const { items } = PermitSet.redeem(permits);
      await new Promise(setImmediate);
      return items.map(({ key, bytes }): CustodySignature => {
        const { signer } = world;
        if (signer === 'ceremony-failed') return { status: signer, reason: 'party 2 is missing', mayExist: false };
        if (signer !== 'works' && signer !== 'signed') return { status: signer };
        world.signed.push(Buffer.from(bytes).toString('hex'));
        const signature = worldSignature(key, bytes);
        return { status: 'signed', signature, signatureDigest: hash('sha256', signature, 'buffer') };
      });
    },
    generate: () => Promise.reject(new Error('not part of these tests')),
    importKey: () => Promise.reject(new Error('not part of these tests')),
  };
  const { store, journal } = inMemoryRequests(world.database, {
    account: () => account,
    keys,
    now: () => world.nowMs,
  });
  const dependencies = (): { readonly signing: SigningDependencies; readonly store: typeof store } => {
    const { dependencies: base } = recordingPorts(keys);
    return {
      store,
      signing: {
        ...base,
        directory: {
          ...base.directory,
          account: async () => account,
          principal: async (id) => principals.get(id),
        },
        journal: {
          async recordIntent(intent) {
            await world.onJournal('recordIntent');
            return journal.recordIntent(intent);
          },
          async recordOutcome(receipt, outcomes, completions) {
            await world.onJournal('recordOutcome');
            return journal.recordOutcome(receipt, outcomes, completions);
          },
        },
        custodies: new Map([['world', custody]]),
        external: world.external,
        governance: {
          policies: {
            cached(of, build) {
              if (index?.revision !== of.revision)
                index = {
                  revision: of.revision,
                  value: build(world.policies.filter(({ status }) => status === 'active')),
                };
              return index.value as ReturnType<typeof build>;
            },
          },
          wallets: { ofKeys: (_account, ids) => ids.map((id) => world.wallets.filter(({ keyId }) => keyId === id)) },
          prices: NO_PRICES,
        },
        now: () => world.nowMs,
      },
    };
  };
  return world;
}

function startProcess(
  world: World,
  dependencies: () => {
    readonly signing: SigningDependencies;
    readonly store: ReturnType<typeof inMemoryRequests>['store'];
  },
): Process {
  const { signing, store } = dependencies();
  const service = createRequests({
    signing,
    requests: store,
    loadChain: async (name) => (name === 'text' ? textChain : undefined),
    report: (fault) => world.faults.push(fault),
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else {
          world.waits.push({ ms, end: resolve });
          signal.addEventListener('abort', () => resolve());
        }
      }),
  });
  return {
    ...service,
    signBatch: createSignBatch(signing),
    create: (...requests) =>
      service.requests.create(
        world.callerOf(world.requester),
        requests.map((item): ParsedItem<NewSignatureRequest> => ({ ok: true, item })),
      ),
  };
}

/** The request of a result that is one. */
export function requestOf(result: RequestResult | undefined): SignatureRequest {
  if (result?.ok !== true) throw result?.error ?? new Error('no result');
  return result.request;
}
