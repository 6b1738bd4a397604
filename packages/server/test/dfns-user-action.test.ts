/**
 * Signed user actions as an attacker sees them: a token is good once, for its user, its method, its path and its bytes,
 * and nobody gets past it through another dialect.
 */

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createApiKey } from '@countersign/core/api-key';
import {
  type AccountId,
  type ApprovalId,
  type CredentialId,
  newId,
  newOrderedId,
  type PrincipalId,
} from '@countersign/core/ids';
import type { Principal } from '@countersign/core/principal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeId } from '../src/dialects/prefixed-id.ts';
import {
  type Answer,
  addServiceAccount,
  beginAction,
  type Change,
  callRaw,
  change,
  clientOf,
  completeAction,
  type Holder,
  proveAction,
  SDK_VERSIONS,
} from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';

const FIVE_MINUTES_MS = 5 * 60_000;

let service: DfnsService;
let alice: Holder;
let bob: Holder;
let carol: Holder;
let keyId: string;

beforeAll(async () => {
  service = await startDfnsService();
  [alice, bob, carol] = await Promise.all([
    addServiceAccount(service.url, service.apiKey),
    addServiceAccount(service.url, service.apiKey, { key: 'P-256' }),
    addServiceAccount(service.url, service.apiKey, { key: 'secp256k1' }),
  ]);
  keyId = String((await change(service.url, alice, newKey())).body['id']);
}, 60_000);

afterAll(() => service?.close());

function newKey(): Change {
  return { method: 'POST', path: '/keys', body: '{"scheme":"ECDSA","curve":"secp256k1"}' };
}

function hashToSign(): Change {
  const hash = `0x${randomBytes(32).toString('hex')}`;
  return { method: 'POST', path: `/keys/${keyId}/signatures`, body: JSON.stringify({ kind: 'Hash', hash }) };
}

function messageOf({ body }: Answer): string {
  return String((body['error'] as { readonly message?: unknown } | undefined)?.message);
}

/** What there is to steal: it must be the same before and after an attack. */
async function made(): Promise<readonly [number, number]> {
  const list = async (path: string): Promise<number> =>
    ((await callRaw(service.url, { method: 'GET', path, token: alice.accessToken })).body['items'] as unknown[]).length;
  return [await list('/keys'), await list(`/keys/${keyId}/signatures`)];
}

async function refusedBy(attack: () => Promise<Answer>, status: number, message: string): Promise<void> {
  const before = await made();
  const answer = await attack();
  expect([answer.status, messageOf(answer)]).toEqual([status, expect.stringContaining(message)]);
  expect(await made()).toEqual(before);
}

const USED = 'user action has already been used';
const MISSING = 'user action signature is missing or invalid';
const BAD_CHALLENGE = 'Challenge token is not valid.';

describe('the token of a user action', () => {
  const send = (wanted: Change, userAction: string | undefined, more: Partial<Parameters<typeof callRaw>[1]> = {}) =>
    callRaw(service.url, { ...wanted, token: alice.accessToken, userAction, ...more });

  it('works once, and then never again', async () => {
    const wanted = hashToSign();
    const token = await proveAction(service.url, alice, wanted);
    expect((await send(wanted, token)).body).toMatchObject({ status: 'Signed' });
    await refusedBy(() => send(wanted, token), 400, USED);
  });

  it('lets one of many at the same instant through', async () => {
    const wanted = newKey();
    const token = await proveAction(service.url, alice, wanted);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(wanted, token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 400)]);
  });

  it('is for its method, its path and its bytes, and is lost with anything else', async () => {
    const wanted = hashToSign();
    const body = String(wanted.body);
    const others: readonly Change[] = [
      { ...wanted, path: `/keys/${keyId}/derive` },
      { ...wanted, path: wanted.path.replace('/keys/', '/%6beys/') },
      { ...wanted, path: `${wanted.path}/` },
      { method: 'PUT', path: `/keys/${keyId}`, body: '{"name":"theirs"}' },
      { method: 'DELETE', path: `/keys/${keyId}`, body },
      { ...wanted, body: body.replace(/[0-9a-f]"/, (end) => (end === '0"' ? '1"' : '0"')) },
      { ...wanted, body: `${body} ` },
      { ...wanted, body: body.replace('"kind"', '"k\\u0069nd"') },
    ];
    for (const other of others) {
      const token = await proveAction(service.url, alice, wanted);
      const before = await made();
      const answer = await send(other, token);
      // A path that no endpoint has is found out before the token is looked at.
      expect([403, 404]).toContain(answer.status);
      if (answer.status === 403) {
        expect(messageOf(answer)).toBe(MISSING);
        expect((await send(wanted, token)).status).toBe(400);
      }
      expect(await made()).toEqual(before);
    }
  });

  it('can not be given a query, nor twice, nor left out', async () => {
    const wanted = hashToSign();
    const token = await proveAction(service.url, alice, wanted);
    await refusedBy(() => send({ ...wanted, path: `${wanted.path}?force=true` }, token), 400, 'query');
    await refusedBy(() => send({ ...wanted, path: `${wanted.path}?` }, token), 400, 'query');
    await refusedBy(() => send(wanted, undefined), 403, MISSING);
    await refusedBy(() => send(wanted, ''), 400, USED);
    await refusedBy(() => send(wanted, randomBytes(32).toString('base64url')), 400, USED);
    await refusedBy(() => send(wanted, `${token}, ${token}`), 400, USED);
    const asked = await beginAction(service.url, alice, { ...wanted, path: `${wanted.path}?a=b` });
    expect([asked.status, messageOf(asked)]).toEqual([400, expect.stringContaining('query')]);
  });

  it("is its user's alone, and its bearer token's", async () => {
    const wanted = newKey();
    const token = await proveAction(service.url, alice, wanted);
    await refusedBy(() => send(wanted, token, { token: bob.accessToken }), 403, MISSING);
    await refusedBy(() => send(wanted, token), 400, USED);
  });

  it('is over after five minutes', async () => {
    const wanted = newKey();
    const token = await proveAction(service.url, alice, wanted);
    service.advance(FIVE_MINUTES_MS + 1);
    await refusedBy(() => send(wanted, token), 400, USED);
  });

  it('is dead once its credential is switched off', async () => {
    const dave = await addServiceAccount(service.url, service.apiKey);
    const wanted = newKey();
    const token = await proveAction(service.url, dave, wanted);
    const path = '/auth/credentials/deactivate';
    const body = { credentialUuid: dave.credentialId };
    expect((await change(service.url, alice, { method: 'PUT', path, body })).status).toBe(200);
    await refusedBy(() => send(wanted, token, { token: dave.accessToken }), 403, '');
  });
});

describe('the challenge of a user action', () => {
  const answered = async (options: (challenge: string) => Parameters<typeof completeAction>[3]): Promise<Answer> => {
    const { challenge } = await beginAction(service.url, alice, newKey());
    return completeAction(service.url, alice, challenge, options(challenge.challenge));
  };
  const clientData = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  it('takes what clients of every kind send', async () => {
    const accepted = [
      (challenge: string) => ({ type: 'key.get', challenge }),
      (challenge: string) => ({ type: 'key.get', challenge, origin: 'https://example.test', crossOrigin: false }),
      (challenge: string) => ({ challenge, type: 'key.get' }),
    ];
    for (const data of accepted)
      expect((await answered((challenge) => ({ clientData: clientData(data(challenge)) }))).status).toBe(200);
  });

  it('is answered by its own credential, over itself, or not at all', async () => {
    const refused: readonly ((challenge: string) => Parameters<typeof completeAction>[3])[] = [
      () => ({ privateKey: generateKeyPairSync('ed25519').privateKey }),
      () => ({ privateKey: bob.privateKey }),
      () => ({ privateKey: bob.privateKey, credentialId: bob.credentialId }),
      () => ({ signature: randomBytes(64) }),
      (challenge) => ({ clientData: clientData({ type: 'key.create', challenge }) }),
      (challenge) => ({ clientData: clientData({ type: 'key.get', challenge: `${challenge}A` }) }),
      (challenge) => ({ clientData: clientData({ type: 'key.get', challenge: [challenge] }) }),
      (challenge) => ({ clientData: clientData([{ type: 'key.get', challenge }]) }),
      () => ({ clientData: Buffer.from('not JSON') }),
    ];
    for (const options of refused) expect((await answered(options)).status).toBe(403);
  });

  it('is spent by the first answer, right or wrong', async () => {
    const { challenge } = await beginAction(service.url, alice, newKey());
    expect((await completeAction(service.url, alice, challenge)).status).toBe(200);
    const again = await completeAction(service.url, alice, challenge);
    expect([again.status, messageOf(again)]).toEqual([400, BAD_CHALLENGE]);
    const { challenge: other } = await beginAction(service.url, alice, newKey());
    expect((await completeAction(service.url, alice, other, { signature: randomBytes(64) })).status).toBe(403);
    expect((await completeAction(service.url, alice, other)).status).toBe(400);
    const { challenge: raced } = await beginAction(service.url, alice, newKey());
    const answers = await Promise.all(Array.from({ length: 20 }, () => completeAction(service.url, alice, raced)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("is not answered with somebody else's bearer token, nor after five minutes", async () => {
    const { challenge } = await beginAction(service.url, alice, newKey());
    const theirs = await completeAction(service.url, alice, challenge, { accessToken: bob.accessToken });
    expect([theirs.status, messageOf(theirs)]).toEqual([400, BAD_CHALLENGE]);
    const { challenge: late } = await beginAction(service.url, alice, newKey());
    service.advance(FIVE_MINUTES_MS + 1);
    const answer = await completeAction(service.url, alice, late);
    expect([answer.status, messageOf(answer)]).toEqual([400, BAD_CHALLENGE]);
  });

  it('is another one each time', async () => {
    const challenges = await Promise.all(Array.from({ length: 10 }, () => beginAction(service.url, alice, newKey())));
    expect(new Set(challenges.map(({ challenge }) => challenge.challenge)).size).toBe(10);
  });
});

it.each(SDK_VERSIONS)('twenty calls at once are twenty actions: $name', async (version) => {
  const client = clientOf(service.url, alice, version);
  const keys = await Promise.all(
    Array.from({ length: 20 }, () => client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } })),
  );
  expect(new Set(keys.map(({ id }) => id)).size).toBe(20);
});

describe('the proof of a decision', () => {
  async function pendingApproval(): Promise<{ readonly approvalId: string; readonly requestPath: string }> {
    const { body: key } = await change(service.url, alice, newKey());
    const group = {
      quorum: 2,
      approvers: { userId: { in: [bob.userId, carol.userId] } },
      serviceAccountsCanApprove: true,
    };
    const policy = {
      name: 'two of two',
      activityKind: 'Wallets:Sign',
      rule: { kind: 'AlwaysTrigger', configuration: {} },
      action: { kind: 'RequestApproval', approvalGroups: [group] },
      filters: { keyId: { in: [key['id']] } },
    };
    expect((await change(service.url, alice, { method: 'POST', path: '/v2/policies', body: policy })).status).toBe(200);
    const path = `/keys/${String(key['id'])}/signatures`;
    const request = await change(service.url, alice, { ...hashToSign(), path });
    return { approvalId: String(request.body['approvalId']), requestPath: `${path}/${String(request.body['id'])}` };
  }

  const decisionOn = (approvalId: string): Change => ({
    method: 'POST',
    path: `/v2/policy-approvals/${approvalId}/decisions`,
    body: { value: 'Approved', reason: 'ok' },
  });
  const decisionsOf = async (approvalId: string): Promise<unknown> => {
    const path = `/v2/policy-approvals/${approvalId}`;
    return (await callRaw(service.url, { method: 'GET', path, token: alice.accessToken })).body['decisions'];
  };

  it('is for one approval alone', async () => {
    const [shown, hidden] = [await pendingApproval(), await pendingApproval()];
    const token = await proveAction(service.url, bob, decisionOn(shown.approvalId));
    const moved = await callRaw(service.url, {
      ...decisionOn(hidden.approvalId),
      token: bob.accessToken,
      userAction: token,
    });
    expect([moved.status, messageOf(moved)]).toEqual([403, MISSING]);
    expect(await decisionsOf(hidden.approvalId)).toEqual([]);
    expect(await decisionsOf(shown.approvalId)).toEqual([]);
  });

  it('covers what is decided on, however the path is spelled', async () => {
    const { approvalId } = await pendingApproval();
    const { method, body } = decisionOn(approvalId);
    // The service takes this for no decision, so that the challenge doesn't cover what would be approved.
    const path = `/v2/policy-approvals/%61${approvalId.slice(1)}/decisions`;
    const answer = await change(service.url, bob, { method, path, body });
    expect(answer.status).toBe(403);
    expect(await decisionsOf(approvalId)).toEqual([]);
    expect((await change(service.url, bob, decisionOn(approvalId))).status).toBe(200);
    expect(await decisionsOf(approvalId)).toHaveLength(1);
  });

  it('can not be asked for an approval that is not there', async () => {
    const asked = await beginAction(service.url, bob, decisionOn(writeId('ap', newOrderedId<ApprovalId>())));
    expect(asked.status).toBe(404);
  });

  it('is refused from others than the approvers, and to the requester', async () => {
    const { approvalId, requestPath } = await pendingApproval();
    const dave = await addServiceAccount(service.url, service.apiKey);
    for (const other of [dave, alice])
      expect((await change(service.url, other, decisionOn(approvalId))).status).toBe(403);
    const request = await callRaw(service.url, { method: 'GET', path: requestPath, token: alice.accessToken });
    expect(request.body).toMatchObject({ status: 'Pending' });
  });
});

describe('other dialects are no easier door for who has credentials', () => {
  /** From now on the principal has a credential, and so has to prove its changes. */
  async function giveCredential(principalId: PrincipalId, accountId: AccountId): Promise<void> {
    const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
    const credential = {
      id: newId<CredentialId>(),
      accountId,
      principalId,
      name: 'its credential',
      material: { kind: 'key', spki },
      active: true,
      createdAtMs: Date.now(),
    } as const;
    const options = { spendInvitation: undefined, replacesAll: false };
    expect(await service.store.identities.insertCredential(credential, options, principalId)).toBe(true);
  }

  async function administrator(): Promise<Principal> {
    const [id] = Buffer.from(service.apiKey, 'base64').toString('utf8').split(':');
    const found = await service.store.directory.principal(id as PrincipalId);
    if (found === undefined) throw new Error('no administrator');
    return found;
  }

  /** An API key of an administrator that has a credential. */
  async function provingApiKey(): Promise<string> {
    const id = newId<PrincipalId>();
    const { text, secretDigest } = createApiKey(id);
    const principal = { ...(await administrator()), id, name: `proving ${id}` };
    await service.store.directory.insertPrincipal(principal, secretDigest, Date.now());
    await giveCredential(id, principal.accountId);
    return text;
  }

  const call = async (path: string, authorization: string, body: unknown, method = 'POST') => {
    const response = await fetch(service.url + path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };

  it('keeps DSM calls with its API key from changing or signing', async () => {
    const basic = `Basic ${await provingApiKey()}`;
    const administrator = `Basic ${service.apiKey}`;
    const key = { name: randomBytes(8).toString('hex'), obj_type: 'EC', elliptic_curve: 'NistP256' };
    expect((await call('/crypto/v1/keys', basic, key)).status).toBe(403);
    const made = await call('/crypto/v1/keys', administrator, key);
    expect(made.status).toBe(201);
    const { kid } = JSON.parse(made.text) as { readonly kid: string };
    const item = { key: { kid }, hash_alg: 'SHA256', data: 'AAAA' };
    expect((await call('/crypto/v1/sign', administrator, item)).status).toBe(200);
    expect((await call('/crypto/v1/sign', basic, item)).status).toBe(403);
    const batch = await call('/crypto/v1/keys/batch/sign', basic, [item, item]);
    expect(batch.text).not.toContain('signature"');
    const session = await call('/sys/v1/session/auth', basic, {});
    const { access_token: token } = JSON.parse(session.text) as { readonly access_token?: string };
    expect((await call('/crypto/v1/sign', `Bearer ${token}`, item)).status).toBe(403);
    expect((await call(`/crypto/v1/keys/${kid}`, basic, undefined, 'GET')).status).toBe(200);
  });

  it('keeps calls of our own with its API key or access token from changing or signing', async () => {
    const apiKey = await provingApiKey();
    const item = { keyId, digest: randomBytes(32).toString('base64'), hash: 'sha-256' };
    const { publicKey } = generateKeyPairSync('ed25519');
    const account = { name: 'mine', publicKey: publicKey.export({ type: 'spki', format: 'pem' }) };
    expect((await call('/api/v1/signatures', `Bearer ${service.apiKey}`, { items: [item] })).text).toContain(
      '"signed"',
    );
    for (const token of [apiKey, alice.accessToken]) {
      const bearer = `Bearer ${token}`;
      for (const [path, body] of [
        ['/api/v1/signatures', { items: [item] }],
        ['/api/v1/requests', { items: [item] }],
        ['/api/v1/service-accounts', account],
      ] as const) {
        const answer = await call(path, bearer, body);
        expect([path, answer.status]).toEqual([path, 403]);
      }
      expect((await call(`/api/v1/keys/${keyId}`, bearer, undefined, 'GET')).status).toBe(200);
    }
  });

  it('keeps threshold calls with its API key from starting anything', async () => {
    const created = await call('/admin/create-user', service.apiKey, { name: 'one of the parties' });
    const user = JSON.parse(created.text) as { readonly api_key: string; readonly user_id: string };
    const createRoom = () => call('/create-room', user.api_key, { room_size: 2 });
    // There are no rooms in this test: past the guard it is another error.
    expect((await createRoom()).text).not.toContain('sign this action');
    await giveCredential(user.user_id as PrincipalId, (await administrator()).accountId);
    const refused = await createRoom();
    expect(refused.status).not.toBe(200);
    expect(refused.text).toContain('sign this action');
    const another = await call('/admin/create-user', await provingApiKey(), { name: 'another' });
    expect(another.status).not.toBe(200);
    expect(another.text).toContain('sign this action');
  });

  it('does not take access tokens where API keys belong', async () => {
    expect((await call('/crypto/v1/keys', `Bearer ${alice.accessToken}`, undefined, 'GET')).status).toBe(401);
    expect((await call('/crypto/v1/keys', `Basic ${alice.accessToken}`, undefined, 'GET')).status).toBe(401);
    expect((await call('/create-room', alice.accessToken, { room_size: 2 })).status).toBe(401);
    const key = await callRaw(service.url, { method: 'GET', path: '/keys', token: service.apiKey });
    expect(key.status).toBe(401);
  });
});
