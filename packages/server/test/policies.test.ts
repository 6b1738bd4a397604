/** Policies with rule servers from the commands to the signature: real database, real engines, real HTTP. */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AccountId, type GroupId, newId, type PrincipalId } from '@countersign/core/ids';
import { installOnce } from '@countersign/core/install';
import type { KeyRecord } from '@countersign/core/key-record';
import { createKeys } from '@countersign/core/keys';
import { createPolicies, type NewExternalRule, type Policies } from '@countersign/core/policies';
import { BUILT_IN_RULES } from '@countersign/core/policy/built-in-rules';
import type { Caller, Principal } from '@countersign/core/principal';
import { createSignBatch, type SignBatch } from '@countersign/core/sign-batch';
import type { ParsedItem, SigningItem } from '@countersign/core/signing-item';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJwtRuleServers } from '../src/outbound/jwt-rule-servers.ts';
import { createOutboundClient } from '../src/outbound/outbound-client.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { newShare } from '../src/storage/store-fixtures.ts';
import { createInProcessCustody } from './in-process-custody.ts';
import { ANSWER_HEADER, answerClaims, type Question, signJwt, startTestRuleServer } from './test-rule-server.ts';

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 });

let store: Store;
let policies: Policies;
let signBatch: SignBatch;
let admin: Caller;
let user: Caller;
let keys: ReturnType<typeof createKeys>;
let accountId: AccountId;
let groupId: GroupId;
const undo: (() => unknown)[] = [];
/** Engines load once; they keep nothing of a key. */
const engines = createInProcessCustody();

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-policies-'));
  store = await openSqliteStore({ path: join(folder, 'test.sqlite') });
  const client = createOutboundClient({
    allow: [{ kind: 'network', address: '127.0.0.0', family: 4, prefixBits: 8 }],
  });
  undo.push(
    () => rmSync(folder, { recursive: true }),
    () => store.close(),
    () => client.close(),
  );
  const installation = await installOnce(store.directory, undefined, Date.now());
  if (installation === undefined) throw new Error('the database was not empty');
  ({ accountId, groupId } = installation);
  const { custody, verifier } = await engines;
  const custodies = new Map([[custody.name, custody]]);
  const now = Date.now;
  const { directory, journal } = store;
  keys = createKeys({ keys: store.keys, directory, custodies, now, governsKey: undefined, allowInlineSign: false });
  policies = createPolicies({
    policies: store.policies,
    directory,
    keys: store.keys,
    threshold: store.threshold,
    refuseUrl: (url) => client.refuseUrl(url),
    now,
  });
  signBatch = createSignBatch({
    keys: store.keys,
    directory,
    journal,
    custodies,
    verifier,
    rules: BUILT_IN_RULES,
    governance: undefined,
    external: {
      policies: store.policies,
      ruleServers: createJwtRuleServers({
        client,
        identity: async () => ({
          spkiPem: pemOf(ours.publicKey),
          fingerprint: hash('sha256', ours.publicKey.export({ type: 'spki', format: 'der' }), 'hex'),
        }),
        signQuestion: async (text) =>
          sign('sha256', Buffer.from(text), { key: ours.privateKey, dsaEncoding: 'ieee-p1363' }),
        now,
      }),
      resultingKey: async () => undefined,
    },
    now,
    observe: () => {},
  });
  admin = callerOf(
    await addPrincipal('the administrator', [{ scope: { kind: 'account' }, permissions: ['administer'] }]),
  );
  user = callerOf(
    await addPrincipal('the user', [{ scope: { kind: 'group', groupId }, permissions: ['sign', 'create-key'] }]),
  );
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function addPrincipal(name: string, grants: Principal['grants']): Promise<Principal> {
  const id = newId<PrincipalId>();
  const principal: Principal = {
    id,
    accountId,
    kind: 'service',
    name,
    enabled: true,
    defaultGroupId: groupId,
    grants,
    requiresProof: false,
  };
  await store.directory.insertPrincipal(principal, undefined, 1);
  return principal;
}

function callerOf(principal: Principal): Caller {
  return { principal, session: undefined, dialect: 'test' };
}

async function newKey(name: string, caller = user): Promise<KeyRecord> {
  return keys.generate(caller, {
    name,
    description: '',
    groupId: undefined,
    algorithm: 'ed25519',
    parameters: {},
    custody: 'vault',
    persistence: 'stored',
    operations: ['sign', 'verify'],
    exportable: false,
    enabled: true,
    state: 'active',
    deterministicSignatures: undefined,
    allowSignDigest: true,
    verifyAfterSign: false,
    dialectAttributes: {},
  });
}

function itemOf(key: KeyRecord, text: string): ParsedItem<SigningItem> {
  const payload = { kind: 'message', bytes: Buffer.from(text), digest: undefined } as const;
  return { ok: true, item: { key: { by: 'id', id: key.id }, payload, options: {}, context: Buffer.from(text) } };
}

/** A rule server that says yes to everything but messages with a word in them. */
async function ruleAgainst(word: string, name = `against ${word}`): Promise<NewExternalRule & { asked: () => number }> {
  const server = await startTestRuleServer((question: Question) => {
    const message = Buffer.from(String(question.claims.request['msg']), 'hex').toString();
    const approved = !message.includes(word);
    return signJwt(ANSWER_HEADER, answerClaims(question, approved, `it says ${word}`), theirs.privateKey);
  });
  undo.push(() => server.close());
  const publicKeyPem = pemOf(theirs.publicKey);
  return { name, url: server.url, publicKeyPem, algorithm: 'ES256', asked: () => server.questions.length };
}

const rule = (changes: Partial<NewExternalRule> = {}): NewExternalRule => ({
  name: 'rule',
  url: 'https://rules.example/',
  publicKeyPem: pemOf(theirs.publicKey),
  algorithm: 'ES256',
  ...changes,
});

const outcomes = async (items: readonly ParsedItem<SigningItem>[]): Promise<readonly string[]> =>
  (await signBatch(user, items)).map((result) =>
    result.outcome === 'denied' || result.outcome === 'failed' ? result.reason : result.outcome,
  );

describe('a key with a policy', () => {
  it('signs what all rules approve; refused elements stay alone; a change of policy counts at once', async () => {
    const [guarded, free] = [await newKey('guarded'), await newKey('free')];
    const money = await ruleAgainst('money');
    const war = await ruleAgainst('war');
    const rules = [await policies.addExternalRule(admin, money), await policies.addExternalRule(admin, war)];
    const references = rules.map(({ id }) => ({ by: 'id', id }) as const);
    const policy = await policies.createPolicy(admin, { name: 'careful', rules: references });
    const items = [
      itemOf(guarded, 'peace'),
      itemOf(guarded, 'money'),
      itemOf(free, 'money and war'),
      itemOf(guarded, 'war'),
      itemOf(guarded, 'money and war'),
    ];
    expect(await outcomes(items)).toEqual(Array.from({ length: 5 }, () => 'signed'));
    expect(money.asked() + war.asked()).toBe(0);

    await policies.attachToKey(admin, { by: 'name', name: 'careful' }, { by: 'name', name: 'guarded' });
    const noMoney = 'rule against money: not approved: it says money';
    const noWar = 'rule against war: not approved: it says war';
    const judged = await outcomes(items);
    expect(judged.slice(0, 4)).toEqual(['signed', noMoney, 'signed', noWar]);
    expect([noMoney, noWar]).toContain(judged[4]);

    const [, second] = references;
    if (second === undefined) throw new Error('no rule');
    await policies.removeRuleFromPolicy(admin, { by: 'id', id: policy.id }, second);
    expect(await outcomes(items)).toEqual(['signed', noMoney, 'signed', 'signed', noMoney]);
    await policies.detachFromKey(admin, { by: 'id', id: guarded.id }, { by: 'id', id: policy.id });
    expect(await outcomes(items)).toEqual(Array.from({ length: 5 }, () => 'signed'));
  });

  it('follows the default of its maker, unless it has a policy of its own', async () => {
    const key = await newKey('mine');
    const others = await newKey('others', admin);
    const { id } = await policies.addExternalRule(admin, await ruleAgainst('money'));
    const strict = await policies.createPolicy(admin, { name: 'strict', rules: [{ by: 'id', id }] });
    const open = await policies.createPolicy(admin, { name: 'open', rules: [] });
    const mine = { by: 'id', id: key.id } as const;
    expect(await policies.effectivePolicy(admin, mine)).toBeUndefined();
    await policies.attachToUser(admin, { by: 'name', name: 'strict' }, { by: 'name', name: 'the user' });
    const items = [itemOf(key, 'money'), itemOf(others, 'money')];
    expect(await outcomes(items)).toEqual(['rule against money: not approved: it says money', 'signed']);
    const later = await newKey('made later');
    expect((await outcomes([itemOf(later, 'money')]))[0]).toContain('money');
    const effective = await policies.effectivePolicy(admin, mine);
    expect(effective).toMatchObject({ attached: strict, origin: 'user-default', rules: [{ id }] });
    await policies.attachToKey(admin, { by: 'id', id: open.id }, mine);
    expect(await policies.effectivePolicy(admin, mine)).toEqual({ attached: open, origin: 'key', rules: [] });
    expect(await outcomes(items)).toEqual(['signed', 'signed']);
  });

  it('signs nothing while the rule server is away, and the other keys do not notice', async () => {
    const [guarded, free] = [await newKey('guarded'), await newKey('free')];
    const { id } = await policies.addExternalRule(admin, rule({ url: 'http://127.0.0.1:1/' }));
    const policy = await policies.createPolicy(admin, { name: 'p', rules: [{ by: 'id', id }] });
    await policies.attachToKey(admin, { by: 'id', id: policy.id }, { by: 'id', id: guarded.id });
    const size = (await store.log.head()).size;
    expect(await outcomes([itemOf(guarded, 'x'), itemOf(free, 'x')])).toEqual([
      'rule rule: the connection failed',
      'signed',
    ]);
    // One leaf for the intent with its refusal, one for the outcome.
    expect((await store.log.head()).size).toBe(size + 2);
  });

  it('signs a batch of 300 with two rules each', async () => {
    const key = await newKey('busy');
    const [a, b] = [await ruleAgainst('a'), await ruleAgainst('b')];
    const rules = [await policies.addExternalRule(admin, a), await policies.addExternalRule(admin, b)];
    const references = rules.map(({ id }) => ({ by: 'id', id }) as const);
    const policy = await policies.createPolicy(admin, { name: 'p', rules: references });
    await policies.attachToKey(admin, { by: 'id', id: policy.id }, { by: 'id', id: key.id });
    const results = await outcomes(Array.from({ length: 300 }, (_, index) => itemOf(key, String(index))));
    expect(results.every((result) => result === 'signed')).toBe(true);
    expect([a.asked(), b.asked()]).toEqual([300, 300]);
  });
});

describe('policy commands', () => {
  it('are for administrators of the account alone', async () => {
    const key = { by: 'id', id: (await newKey('key')).id } as const;
    const some = { by: 'id', id: newId<never>() } as const;
    const attempts: Promise<unknown>[] = [
      policies.addExternalRule(user, rule()),
      policies.listRules(user),
      policies.deleteRule(user, some),
      policies.createPolicy(user, { name: 'p', rules: [] }),
      policies.listPolicies(user),
      policies.deletePolicy(user, some),
      policies.removeRuleFromPolicy(user, some, some),
      policies.attachToKey(user, some, key),
      policies.detachFromKey(user, key),
      policies.attachToUser(user, some, some),
      policies.detachFromUser(user, some),
      policies.effectivePolicy(user, key),
    ];
    expect(attempts).toHaveLength(Object.keys(policies).length);
    for (const attempt of attempts)
      await expect(attempt).rejects.toMatchObject({ code: 'forbidden', subject: 'administrator' });
  });

  it.each<[string, Partial<NewExternalRule>]>([
    ['an empty name', { name: ' ' }],
    ['a long name', { name: 'x'.repeat(256) }],
    ['a name on two lines', { name: 'a\nb' }],
    ['a name that turns the direction of text', { name: 'a\u202eb' }],
    ['a URL that is none', { url: 'rules.example' }],
    ['a URL of another scheme', { url: 'file:///etc/passwd' }],
    ['a URL with a password', { url: 'https://user:password@rules.example/' }],
    ['a URL that is too long', { url: `https://rules.example/${'x'.repeat(2048)}` }],
    ['a URL at a place that is not allowed', { url: 'https://169.254.169.254/' }],
    ['a key that is none', { publicKeyPem: 'x' }],
    ['a private key', { publicKeyPem: theirs.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }],
    ['two keys', { publicKeyPem: pemOf(theirs.publicKey) + pemOf(ours.publicKey) }],
    ['a key with text around it', { publicKeyPem: `x\n${pemOf(theirs.publicKey)}` }],
    ['an RSA key for ES256', { publicKeyPem: pemOf(rsa2048.publicKey) }],
    ['a P-256 key for RS256', { algorithm: 'RS256' }],
    ['a P-384 key for ES256', { publicKeyPem: pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey) }],
    [
      'a secp256k1 key for ES256',
      { publicKeyPem: pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey) },
    ],
    ['an Ed25519 key', { publicKeyPem: pemOf(generateKeyPairSync('ed25519').publicKey) }],
    [
      'a short RSA key',
      { algorithm: 'RS256', publicKeyPem: pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) },
    ],
    [
      'an RSA-PSS key',
      { algorithm: 'RS256', publicKeyPem: pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey) },
    ],
  ])('refuse %s', async (_, changes) => {
    await expect(policies.addExternalRule(admin, rule(changes))).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await policies.listRules(admin)).toEqual([]);
  });

  it('keep a key as SubjectPublicKeyInfo in one form, whatever line ends it came with', async () => {
    const pem = pemOf(rsa2048.publicKey);
    const publicKeyPem = `\n${pem.replaceAll('\n', '\r\n')}\n`;
    const added = await policies.addExternalRule(admin, rule({ publicKeyPem, algorithm: 'RS256' }));
    expect(added.publicKeyPem).toBe(pem);
    expect(await policies.listRules(admin)).toEqual([added]);
  });

  it('say what is missing, taken or in use', async () => {
    const key = { by: 'id', id: (await newKey('key')).id } as const;
    const { id: ruleId } = await policies.addExternalRule(admin, rule());
    const first = { by: 'id', id: ruleId } as const;
    const second = { by: 'id', id: (await policies.addExternalRule(admin, rule({ name: 'second' }))).id } as const;
    const { id } = await policies.createPolicy(admin, { name: 'p', rules: [first] });
    const policy = { by: 'id', id } as const;
    const other = { by: 'id', id: (await policies.createPolicy(admin, { name: 'q', rules: [] })).id } as const;
    await policies.attachToKey(admin, policy, key);
    const me = { by: 'id', id: user.principal.id } as const;
    const gone = { by: 'id', id: newId<never>() } as const;
    const named = { by: 'name', name: 'nobody' } as const;
    const cases: readonly (readonly [() => Promise<unknown>, string, string])[] = [
      [() => policies.addExternalRule(admin, rule()), 'conflict', 'unique-name'],
      [() => policies.createPolicy(admin, { name: 'p', rules: [] }), 'conflict', 'unique-name'],
      [() => policies.createPolicy(admin, { name: 'r', rules: [first, gone] }), 'not_found', 'rule'],
      [() => policies.deleteRule(admin, gone), 'not_found', 'rule'],
      [() => policies.deleteRule(admin, named), 'not_found', 'rule'],
      [() => policies.deleteRule(admin, first), 'conflict', 'rule-in-use'],
      [() => policies.deletePolicy(admin, gone), 'not_found', 'policy'],
      [() => policies.deletePolicy(admin, policy), 'conflict', 'policy-in-use-by-keys'],
      [() => policies.removeRuleFromPolicy(admin, policy, second), 'not_found', 'rule-not-in-policy'],
      [() => policies.removeRuleFromPolicy(admin, gone, first), 'not_found', 'policy'],
      [() => policies.removeRuleFromPolicy(admin, policy, gone), 'not_found', 'rule'],
      [() => policies.attachToKey(admin, gone, key), 'not_found', 'policy'],
      [() => policies.attachToKey(admin, policy, gone), 'not_found', 'key'],
      [() => policies.attachToKey(admin, policy, named), 'not_found', 'key'],
      [() => policies.attachToUser(admin, policy, gone), 'not_found', 'user'],
      [() => policies.attachToUser(admin, policy, named), 'not_found', 'user'],
      [() => policies.attachToUser(admin, named, me), 'not_found', 'policy'],
      [() => policies.detachFromKey(admin, key, other), 'not_found', 'policy'],
      [() => policies.detachFromUser(admin, me), 'not_found', 'policy'],
      [() => policies.effectivePolicy(admin, gone), 'not_found', 'key'],
    ];
    for (const [attempt, code, subject] of cases) await expect(attempt()).rejects.toMatchObject({ code, subject });
    await expect(policies.createPolicy(admin, { name: 'r', rules: [first, first] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const many = Array.from({ length: 33 }, () => first);
    await expect(policies.createPolicy(admin, { name: 'r', rules: many })).rejects.toMatchObject({ code: 'too_large' });

    await policies.attachToUser(admin, policy, me);
    await policies.detachFromKey(admin, key);
    await expect(policies.deletePolicy(admin, policy)).rejects.toMatchObject({ subject: 'policy-in-use-by-users' });
    await policies.detachFromUser(admin, me, policy);
    await policies.deletePolicy(admin, policy);
    await policies.deleteRule(admin, first);
    expect((await policies.listRules(admin)).map(({ name }) => name)).toEqual(['second']);
    expect((await policies.listPolicies(admin)).map(({ name }) => name)).toEqual(['q']);
  });

  it('take a threshold key before it is generated', async () => {
    const account = await store.directory.account(accountId);
    const group = await store.directory.group(accountId, groupId);
    if (account === undefined || group === undefined) throw new Error('nothing is installed');
    const home = { account, group, administrator: user.principal, apiKeyDigest: new Uint8Array(32) };
    const share = newShare(home, { name: 'early' });
    await store.threshold.insert(share);
    await policies.createPolicy(admin, { name: 'p', rules: [] });
    const early = { by: 'name', name: 'early' } as const;
    await policies.attachToKey(admin, { by: 'name', name: 'p' }, early);
    expect(await policies.effectivePolicy(admin, early)).toMatchObject({ origin: 'key' });
  });

  it('see nothing of another account', async () => {
    const { id } = await policies.addExternalRule(admin, rule());
    const stranger = callerOf({ ...admin.principal, accountId: newId<AccountId>() });
    expect(await policies.listRules(stranger)).toEqual([]);
    await expect(policies.deleteRule(stranger, { by: 'id', id })).rejects.toMatchObject({ code: 'not_found' });
    const me = { by: 'id', id: user.principal.id } as const;
    await policies.createPolicy(admin, { name: 'p', rules: [] });
    await expect(policies.attachToUser(stranger, { by: 'name', name: 'p' }, me)).rejects.toMatchObject({
      subject: 'policy',
    });
  });
});
