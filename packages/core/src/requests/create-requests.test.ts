import { describe, expect, it, vi } from 'vitest';
import { walletOf } from '../../test/governance-fixtures.ts';
import { groupId } from '../../test/recording-ports.ts';
import {
  ed25519Key,
  groupOf,
  payloadOf,
  plainRequest,
  requestOf,
  requestWorld,
  secp256k1Key,
  textChain,
  textRequest,
  worldSignature,
} from '../../test/request-world.ts';
import { newId, newOrderedId, type RequestId } from '../ids.ts';

const ASKING = { kind: 'request-approval', groups: [groupOf()], expiresAfterMinutes: 5 } as const;

describe('creating signature requests', () => {
  it('signs what nothing stands against, and stores it with its signature', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const [result] = await world.start().create(plainRequest(key, 'hello', { externalId: 'x-1' }));
    const request = requestOf(result);
    expect(request).toMatchObject({
      status: 'signed',
      keyId: key.id,
      requesterId: world.requester.id,
      dialect: 'test',
      externalId: 'x-1',
      body: '{"text":"hello"}',
      view: { kind: 'opaque' },
      signatures: [{ bytes: worldSignature(key, Buffer.from('hello')), recoveryId: undefined, encoded: undefined }],
      createdAtMs: 1_000,
      policyResolvedAtMs: 1_000,
      signedAtMs: 1_000,
    });
    expect(world.stored(request.id)).toEqual(request);
  });

  it('gives r || s and the recovery id of ECDSA on secp256k1', async () => {
    const key = secp256k1Key();
    const world = requestWorld(key);
    const [result] = await world.start().create(plainRequest(key, 'hello'));
    const { bytes } = payloadOf(key, 'hello');
    expect(requestOf(result).signatures).toEqual([
      { bytes: worldSignature(key, bytes).slice(0, 64), recoveryId: 1, encoded: undefined },
    ]);
  });

  it('signs all requests of a call in one batch, and all parts of one request together', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const results = await world
      .start()
      .create(plainRequest(key, 'one'), textRequest(key, ['two', 'three']), plainRequest(key, 'four'));
    expect(world.database.intents).toHaveLength(1);
    expect(world.database.outcomes).toHaveLength(1);
    const chained = requestOf(results[1]);
    expect(chained.signatures.map(({ encoded }) => encoded?.[0])).toEqual([0xee, 0xee]);
    expect(chained).toMatchObject({ details: { count: 2 }, view: { kind: 'decoded', chain: 'text' } });
    expect(chained.signedData).toEqual(
      Buffer.concat([worldSignature(key, Buffer.from('two')), worldSignature(key, Buffer.from('three'))]),
    );
  });

  it('leaves neighbours alone, whatever is wrong with an item', async () => {
    const key = ed25519Key();
    const disabled = ed25519Key({ enabled: false });
    const world = requestWorld(key, disabled);
    const process = world.start();
    const caller = world.callerOf(world.requester);
    const ok = (item: ReturnType<typeof plainRequest>) => ({ ok: true, item }) as const;
    const results = await process.requests.create(caller, [
      ok(plainRequest(key, 'good')),
      { ok: false, code: 'invalid_request', reason: 'unparsed' },
      ok(plainRequest(ed25519Key(), 'unknown key')),
      ok(plainRequest(disabled, 'disabled')),
      ok(textRequest(key, ['fine', 'bad'])),
      ok(plainRequest(key, 'x', { externalId: 'two\nlines' })),
      ok(plainRequest(key, 'x', { body: 'x'.repeat(2 ** 20 + 1) })),
      ok({
        ...plainRequest(key, 'x'),
        content: { kind: 'plain', payload: payloadOf(key, 'x'), options: { padding: 'pss' } },
      }),
      ok({
        ...textRequest(key, ['x']),
        content: {
          kind: 'chain',
          payload: { chain: 'none', format: '', network: undefined, content: {} },
          options: {},
        },
      }),
      ok(plainRequest(key, 'good too')),
    ]);
    const codes = results.map((result) => (result.ok ? result.request.status : result.error.code));
    expect(codes).toEqual([
      'signed',
      'invalid_request',
      'not_found',
      'key_not_usable',
      'invalid_request',
      'invalid_request',
      'too_large',
      'invalid_request',
      'not_supported',
      'signed',
    ]);
    expect(world.database.requests.size).toBe(2);
  });

  it('leaves no request where the caller itself is refused, and a rejected one where a policy blocks', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const stranger = world.addPrincipal(['read-key']);
    const process = world.start();
    const [refused] = await process.requests.create(world.callerOf(stranger), [
      { ok: true, item: plainRequest(key, 'mine') },
    ]);
    expect(refused).toMatchObject({ ok: false, error: { code: 'forbidden' } });
    expect(world.database.requests.size).toBe(0);
    const policy = world.addPolicy({ name: 'never', action: { kind: 'block' } });
    const [blocked] = await process.create(plainRequest(key, 'hello'));
    expect(requestOf(blocked)).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('never'),
      evaluations: [{ policyId: policy.id, triggered: true }],
      signatures: [],
    });
    expect(world.stored(requestOf(blocked).id).status).toBe('rejected');
    expect(world.signed).toEqual([]);
  });

  it('asks for approval where a policy does, with everything that approvers decide on', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const policy = world.addPolicy({ action: ASKING });
    const [result] = await world.start().create(textRequest(key, ['a', 'b']));
    const request = requestOf(result);
    expect(request).toMatchObject({ status: 'pending', policyResolvedAtMs: undefined, signatures: [] });
    expect(world.database.approvals.get(request.approvalId ?? '')).toMatchObject({
      status: 'pending',
      initiatorId: world.requester.id,
      subject: { kind: 'signature-request', requestId: request.id },
      subjectDigest: request.digest,
      groups: [{ policyId: policy.id, quorum: 1 }],
      expiresAtMs: 1_000 + 5 * 60_000,
    });
    expect(world.signed).toEqual([]);
  });

  it('holds what cannot be read against the account where policies look at content', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const reader = world.addPrincipal(['sign']);
    const process = world.start();
    const create = (item: ReturnType<typeof plainRequest>) =>
      process.requests.create(world.callerOf(reader), [{ ok: true, item }]);
    expect((await create(plainRequest(key, 'opaque')))[0]).toMatchObject({ ok: true });
    world.addPolicy({
      rule: { kind: 'recipient-whitelist', configuration: { addresses: ['friend'] } },
      action: { kind: 'block' },
    });
    expect((await create(plainRequest(key, 'opaque')))[0]).toMatchObject({ ok: false, error: { code: 'forbidden' } });
    expect(requestOf((await create(textRequest(key, ['x'])))[0]).status).toBe('signed');
    expect(requestOf((await create(textRequest(key, ['x'], 'enemy')))[0]).status).toBe('rejected');
  });

  it('counts limits item by item, and asks for approval beyond them', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({
      rule: { kind: 'count-velocity', configuration: { limit: 2, windowMinutes: 1 } },
      action: ASKING,
    });
    const results = await world
      .start()
      .create(...['a', 'b', 'c', 'd'].map((text) => textRequest(key, [text, `${text}2`])));
    expect(results.map((result) => requestOf(result).status)).toEqual(['signed', 'signed', 'pending', 'pending']);
    expect(world.signed).toHaveLength(4);
    for (const result of results) expect(world.stored(requestOf(result).id).status).toBe(requestOf(result).status);
    expect(world.database.approvals.size).toBe(2);
  });

  it('rejects beyond a limit that blocks, the items before it being signed', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({
      rule: { kind: 'count-velocity', configuration: { limit: 1, windowMinutes: 1 } },
      action: { kind: 'block' },
    });
    const process = world.start();
    const results = await process.create(plainRequest(key, 'a'), plainRequest(key, 'b'));
    expect(results.map((result) => requestOf(result).status)).toEqual(['signed', 'rejected']);
    world.nowMs += 60_001;
    expect(requestOf((await process.create(plainRequest(key, 'c')))[0]).status).toBe('signed');
  });

  it('has a request that the signer refused fail, with a reason', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.signer = 'refused';
    const [result] = await world.start().create(plainRequest(key, 'a'));
    expect(requestOf(result)).toMatchObject({ status: 'failed', reason: 'the sealed key does not allow this' });
  });
});

describe('a request through a wallet', () => {
  it('names a wallet of its key: approvers are shown whose wallet it is', async () => {
    const [key, other] = [ed25519Key(), ed25519Key()];
    const world = requestWorld(key, other);
    const [own, foreign] = [walletOf([], { keyId: key.id }), walletOf([], { keyId: other.id })];
    world.wallets.push(own, foreign);
    const process = world.start();
    const results = await process.create(
      plainRequest(key, 'a', { walletId: own.id }),
      plainRequest(key, 'b', { walletId: foreign.id }),
      plainRequest(key, 'c', { walletId: newId() }),
    );
    const notFound = { ok: false, error: { code: 'not_found', subject: 'wallet' } };
    expect(results).toMatchObject([{ ok: true, request: { walletId: own.id } }, notFound, notFound]);
    expect(world.signed).toHaveLength(1);
  });
});

describe('many requests that take long to decode', () => {
  it('let others have their turn in between', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const process = world.start();
    const decode = vi.spyOn(textChain, 'decode').mockImplementation((payload) => {
      for (const until = performance.now() + 4; performance.now() < until; );
      return { ok: false, reason: String(payload.format) };
    });
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await process.create(...Array.from({ length: 50 }, () => textRequest(key, ['a'])));
    clearInterval(timer);
    decode.mockRestore();
    expect(turns).toBeGreaterThan(3);
  });
});

describe('external ids', () => {
  it('give the former request for the same body and key, and a conflict for another', async () => {
    const key = ed25519Key();
    const other = ed25519Key();
    const world = requestWorld(key, other);
    const wallet = walletOf([], { keyId: key.id });
    world.wallets.push(wallet);
    const process = world.start();
    const first = requestOf((await process.create(plainRequest(key, 'a', { externalId: 'id' })))[0]);
    expect(requestOf((await process.create(plainRequest(key, 'a', { externalId: 'id' })))[0])).toEqual(first);
    for (const different of [
      plainRequest(key, 'b', { externalId: 'id' }),
      plainRequest(other, 'a', { externalId: 'id' }),
      plainRequest(key, 'a', { externalId: 'id', walletId: wallet.id }),
    ])
      expect(await process.create(different)).toMatchObject([
        { ok: false, error: { code: 'conflict', subject: 'external-id', objectId: first.id } },
      ]);
    expect(world.signed).toHaveLength(1);
  });

  it('do not tell the former request to who may not see its key', async () => {
    const key = ed25519Key();
    const hidden = ed25519Key({ groupId: newId() });
    const world = requestWorld(key, hidden);
    const process = world.start();
    await process.create(plainRequest(hidden, 'a', { externalId: 'id' }));
    const member = world.addPrincipal([], { grants: [{ scope: { kind: 'group', groupId }, permissions: ['sign'] }] });
    const [result] = await process.requests.create(world.callerOf(member), [
      { ok: true, item: plainRequest(key, 'a', { externalId: 'id' }) },
    ]);
    expect(result?.ok === false && result.error.objectId).toBeUndefined();
    expect(result?.ok === false && result.error.code).toBe('conflict');
  });

  it('hold within one call too', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const results = await world
      .start()
      .create(
        plainRequest(key, 'a', { externalId: 'id' }),
        plainRequest(key, 'a', { externalId: 'id' }),
        plainRequest(key, 'b', { externalId: 'id' }),
      );
    expect(requestOf(results[1])).toEqual(requestOf(results[0]));
    expect(results[2]).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(world.signed).toHaveLength(1);
  });

  it('make one request of many that race, and one signature', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const process = world.start();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => process.create(plainRequest(key, 'a', { externalId: 'id' }))),
    );
    expect(new Set(results.map(([result]) => requestOf(result).id)).size).toBe(1);
    expect(results.map(([result]) => requestOf(result).status)).toEqual(results.map(() => 'signed'));
    expect(world.signed).toHaveLength(1);
  });

  it('do not hold up the other requests of a call when somebody takes one meanwhile', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const rival = world.start();
    let raced = false;
    world.onJournal = async (call) => {
      if (raced || call !== 'recordIntent') return;
      raced = true;
      await rival.create(plainRequest(key, 'a', { externalId: 'id' }));
    };
    const results = await world
      .start()
      .create(plainRequest(key, 'b', { externalId: 'id' }), plainRequest(key, 'c', { externalId: 'other' }));
    expect(results[0]).toMatchObject({ ok: false, error: { code: 'conflict', subject: 'external-id' } });
    expect(requestOf(results[1]).status).toBe('signed');
  });
});

describe('reading signature requests', () => {
  it('shows them to those who see the key, and to nobody else', async () => {
    const key = ed25519Key();
    const mine = ed25519Key({ groupId: newId() });
    const world = requestWorld(key, mine);
    const process = world.start();
    const [a, b] = await process.create(plainRequest(key, 'a'), plainRequest(mine, 'b'));
    const member = world.callerOf(
      world.addPrincipal([], { grants: [{ scope: { kind: 'group', groupId }, permissions: ['read-requests'] }] }),
    );
    expect((await process.requests.get(member, requestOf(a).id)).id).toBe(requestOf(a).id);
    await expect(process.requests.get(member, requestOf(b).id)).rejects.toMatchObject({
      code: 'not_found',
      subject: 'request',
    });
    await expect(process.requests.get(member, newOrderedId<RequestId>())).rejects.toMatchObject({ code: 'not_found' });
    const query = { after: undefined, limit: 10 };
    expect((await process.requests.list(member, query)).items.map(({ id }) => id)).toEqual([requestOf(a).id]);
    expect((await process.requests.list(member, { ...query, keyId: mine.id })).items).toEqual([]);
  });

  it('hides requests of a key that belongs to somebody else', async () => {
    const world = requestWorld();
    const owner = world.addPrincipal([]);
    const key = ed25519Key({ delegatedTo: owner.id });
    world.keys.push(key);
    const process = world.start();
    const [result] = await process.requests.create(world.callerOf(owner), [{ ok: true, item: plainRequest(key, 'a') }]);
    const query = { after: undefined, limit: 10 };
    expect((await process.requests.list(world.callerOf(world.requester), query)).items).toEqual([]);
    expect((await process.requests.list(world.callerOf(owner), { ...query, keyId: key.id })).items).toHaveLength(1);
    await expect(process.requests.get(world.callerOf(world.requester), requestOf(result).id)).rejects.toThrow();
  });

  it('shows a request to those whose approval it waits for', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const approver = world.addPrincipal(['approve']);
    const bystander = world.addPrincipal(['approve'], { kind: 'service' });
    world.addPolicy({ action: { ...ASKING, groups: [groupOf({ approvers: [approver.id] })] } });
    const process = world.start();
    const request = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    expect((await process.requests.get(world.callerOf(approver), request.id)).id).toBe(request.id);
    await expect(process.requests.get(world.callerOf(bystander), request.id)).rejects.toThrow();
  });

  it('lists newest first, page by page', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const process = world.start();
    const created = await process.create(...['a', 'b', 'c'].map((text) => plainRequest(key, text)));
    const ids = created.map((result) => requestOf(result).id).reverse();
    const caller = world.callerOf(world.requester);
    const first = await process.requests.list(caller, { after: undefined, limit: 2 });
    expect(first).toMatchObject({ items: [{ id: ids[0] }, { id: ids[1] }], more: true });
    const second = await process.requests.list(caller, { after: first.items.at(-1)?.id, limit: 2 });
    expect(second).toMatchObject({ items: [{ id: ids[2] }], more: false });
  });
});

describe('confirming and withdrawing', () => {
  const CONFIRMATION = { transactionHash: '0xabc', network: 'Testnet', fee: '12' };

  it('confirms a signed request once; the same report again changes nothing', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const process = world.start();
    const caller = world.callerOf(world.requester);
    const { id } = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    const confirmed = await process.requests.confirm(caller, id, CONFIRMATION);
    expect(confirmed).toMatchObject({ status: 'confirmed', confirmation: CONFIRMATION, confirmedAtMs: 1_000 });
    expect(await process.requests.confirm(caller, id, CONFIRMATION)).toEqual(confirmed);
    await expect(process.requests.confirm(caller, id, { ...CONFIRMATION, fee: '13' })).rejects.toMatchObject({
      code: 'conflict',
      subject: 'request-state',
    });
  });

  it('refuses to confirm what is not signed, without permission, or at length', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ action: ASKING });
    const process = world.start();
    const { id } = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    const viewer = world.callerOf(world.addPrincipal(['read-requests']));
    await expect(process.requests.confirm(viewer, id, CONFIRMATION)).rejects.toMatchObject({ code: 'forbidden' });
    const caller = world.callerOf(world.requester);
    await expect(process.requests.confirm(caller, id, CONFIRMATION)).rejects.toMatchObject({ code: 'conflict' });
    for (const transactionHash of ['', 'a\nb', 'x'.repeat(129)])
      await expect(process.requests.confirm(caller, id, { ...CONFIRMATION, transactionHash })).rejects.toMatchObject({
        code: 'invalid_request',
      });
  });

  it('withdraws a pending request for its requester or an administrator, and ends its approval', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ action: ASKING });
    const process = world.start();
    const [a, b] = await process.create(plainRequest(key, 'a'), plainRequest(key, 'b'));
    const stranger = world.callerOf(world.addPrincipal(['sign']));
    await expect(process.requests.cancel(stranger, requestOf(a).id)).rejects.toMatchObject({ code: 'not_found' });
    const colleague = world.callerOf(world.addPrincipal(['read-requests']));
    await expect(process.requests.cancel(colleague, requestOf(a).id)).rejects.toMatchObject({ code: 'forbidden' });
    const caller = world.callerOf(world.requester);
    expect(await process.requests.cancel(caller, requestOf(a).id)).toMatchObject({ status: 'rejected' });
    expect(world.database.approvals.get(requestOf(a).approvalId ?? '')?.status).toBe('cancelled');
    const administrator = world.callerOf(world.addPrincipal(['administer']));
    expect(await process.requests.cancel(administrator, requestOf(b).id)).toMatchObject({ status: 'rejected' });
    await expect(process.requests.cancel(caller, requestOf(a).id)).rejects.toMatchObject({ subject: 'request-state' });
  });

  it('does not withdraw what has been approved', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const approver = world.addPrincipal(['approve']);
    world.addPolicy({ action: ASKING });
    const process = world.start();
    const request = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    world.approve(request, approver);
    await expect(process.requests.cancel(world.callerOf(world.requester), request.id)).rejects.toMatchObject({
      code: 'conflict',
      subject: 'request-state',
    });
  });
});

describe('waiting', () => {
  it('ends when the request is final, without looking at it again and again', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const approver = world.addPrincipal(['approve']);
    world.addPolicy({ action: ASKING });
    const process = world.start();
    const request = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    const waiting = process.requests.waitFor(world.callerOf(world.requester), request.id, 30_000);
    await new Promise(setImmediate);
    world.approve(request, approver);
    await process.runner.release(request.id);
    expect((await waiting).status).toBe('signed');
  });

  it('ends with the request as it is when the time is over, which is bounded', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ action: ASKING });
    const process = world.start();
    const request = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    const waiting = process.requests.waitFor(world.callerOf(world.requester), request.id, 10_000_000);
    await new Promise(setImmediate);
    expect(Math.max(...world.waits.map(({ ms }) => ms))).toBe(60_000);
    await world.elapse();
    expect((await waiting).status).toBe('pending');
  });
});
