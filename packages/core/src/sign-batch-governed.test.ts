import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordingPorts } from '../test/recording-ports.ts';
import {
  ed25519Key,
  groupOf,
  payloadOf,
  plainRequest,
  requestOf,
  requestWorld,
  secp256k1Key,
  textRequest,
  worldSignature,
} from '../test/request-world.ts';
import type { ExternalRules } from './ask-external-rules.ts';
import { newId, type TokenId } from './ids.ts';
import type { KeyRecord } from './key-record.ts';
import type { ExternalRule } from './policy/external/external-rule.ts';
import type { RuleAnswer, RuleQuestion } from './ports/rule-servers.ts';
import { createSignBatch } from './sign-batch.ts';
import type { ParsedItem, SigningItem } from './signing-item.ts';

const ASKING = { kind: 'request-approval', groups: [groupOf()], expiresAfterMinutes: undefined } as const;
const BLOCK = { kind: 'block' } as const;
const velocity = (limit: number) => ({ kind: 'count-velocity', configuration: { limit, windowMinutes: 10 } });

function itemOf(key: KeyRecord, text: string, more: Partial<SigningItem> = {}): ParsedItem<SigningItem> {
  return { ok: true, item: { key: { by: 'id', id: key.id }, payload: payloadOf(key, text), options: {}, ...more } };
}

function ruleNamed(name: string): ExternalRule {
  return {
    id: newId(),
    accountId: newId(),
    name,
    url: 'https://x/',
    publicKeyPem: '',
    algorithm: 'ES256',
    createdAtMs: 0,
  };
}

/** Rules of the account by name, and rule servers that answer by a function of the question. */
function screeningRules(
  names: readonly string[],
  answer: (question: RuleQuestion) => RuleAnswer,
): { readonly external: ExternalRules; readonly asked: RuleQuestion[] } {
  const asked: RuleQuestion[] = [];
  const rules = names.map(ruleNamed);
  const external: ExternalRules = {
    policies: {
      rulesOfKeys: () => undefined,
      findRule: async (_account, reference) =>
        rules.find(({ name }) => reference.by === 'name' && name === reference.name),
    },
    ruleServers: {
      async ask(question) {
        asked.push(question);
        return answer(question);
      },
    },
    resultingKey: async () => undefined,
  };
  return { external, asked };
}

describe('governing policies on the signing path', () => {
  it('let an item of any dialect wait as a stored request, which is signed when it is approved', async () => {
    const key = secp256k1Key();
    const world = requestWorld(key);
    const approver = world.addPrincipal(['approve']);
    world.addPolicy({ action: ASKING });
    const process = world.start();
    const [result] = await process.signBatch(world.callerOf(world.requester), [itemOf(key, 'a')]);
    if (result?.outcome !== 'pending') throw new Error(`not pending but ${result?.outcome}`);
    const request = world.stored(result.requestId);
    expect(request).toMatchObject({
      status: 'pending',
      approvalId: result.approvalId,
      requesterId: world.requester.id,
      dialect: 'test',
      body: '{}',
      content: { kind: 'plain', payload: payloadOf(key, 'a'), options: {} },
    });
    world.approve(request, approver);
    await process.runner.release(request.id);
    expect(world.stored(request.id).signatures).toEqual([
      { bytes: worldSignature(key, payloadOf(key, 'a').bytes).slice(0, 64), recoveryId: 1, encoded: undefined },
    ]);
  });

  it.each<[string, Partial<KeyRecord>, Partial<SigningItem>]>([
    ['a key that is not stored', { persistence: 'transient' }, {}],
    ['a threshold signature', {}, { ceremony: { room: 'r', rooms: ['r'], position: 0, relay: undefined } }],
  ])('refuse %s where people would have to be asked', async (_, overrides, more) => {
    const key = ed25519Key(overrides);
    const world = requestWorld(key);
    world.addPolicy({ action: ASKING });
    const item = itemOf(key, 'a', { key: { by: 'record', record: key }, ...more });
    const [result] = await world.start().signBatch(world.callerOf(world.requester), [item]);
    expect(result).toMatchObject({ outcome: 'denied', code: 'denied_by_policy' });
    expect(world.database.requests.size).toBe(0);
    expect(world.database.intents[0]?.refused).toHaveLength(1);
  });

  it('reserve limits in the order of the items, each in its place, and leave the others alone', async () => {
    const free = ed25519Key();
    const limited = ed25519Key();
    const world = requestWorld(free, limited);
    world.addPolicy({ rule: velocity(2), action: BLOCK, filters: { keyIds: [limited.id] } });
    const items = ['a', 'b', 'c', 'd', 'e'].map((text, index) => itemOf(index === 1 ? free : limited, text));
    const results = await world.start().signBatch(world.callerOf(world.requester), items);
    expect(results.map(({ outcome }) => outcome)).toEqual(['signed', 'signed', 'signed', 'denied', 'denied']);
    results.slice(0, 3).forEach((result, index) => {
      const key = index === 1 ? free : limited;
      const text = ['a', 'b', 'c'][index] ?? '';
      expect(result.outcome === 'signed' && result.signature).toEqual(worldSignature(key, Buffer.from(text)));
    });
  });

  it('turn what does not fit a limit into requests that wait, in the transaction of the intent', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ rule: velocity(1), action: ASKING });
    const results = await world
      .start()
      .signBatch(world.callerOf(world.requester), [itemOf(key, 'a'), itemOf(key, 'b'), itemOf(key, 'c')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['signed', 'pending', 'pending']);
    expect(world.database.requests.size).toBe(2);
    expect(world.signed).toHaveLength(1);
  });

  it('never exceed a limit, however many batches there are at once', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ rule: velocity(25), action: BLOCK });
    const process = world.start();
    const batches = await Promise.all(
      Array.from({ length: 16 }, (_, batch) =>
        process.signBatch(
          world.callerOf(world.requester),
          Array.from({ length: 10 }, (__, index) => itemOf(key, `${batch} ${index}`)),
        ),
      ),
    );
    expect(batches.flat().filter(({ outcome }) => outcome === 'signed')).toHaveLength(25);
    expect(world.signed).toHaveLength(25);
  });

  it('note a limit without consequence and go on', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ rule: velocity(1), action: { kind: 'none' } });
    const results = await world
      .start()
      .signBatch(world.callerOf(world.requester), [itemOf(key, 'a'), itemOf(key, 'b')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['signed', 'signed']);
  });

  it('are judged again when they change before the intent is durable', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    let added = false;
    world.onJournal = () => {
      if (!added) world.addPolicy({ action: BLOCK });
      added = true;
    };
    const [result] = await world.start().signBatch(world.callerOf(world.requester), [itemOf(key, 'a')]);
    expect(result?.outcome).toBe('denied');
    expect(world.signed).toEqual([]);
  });

  it('hold for what an access token left of the grants as well', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const caller = world.callerOf(world.requester);
    const token = { id: newId<TokenId>(), credentialId: undefined };
    const process = world.start();
    const sign = async (permissions: readonly 'sign'[] | readonly 'read-key'[] | readonly never[]) => {
      const principal = { ...world.requester, grants: [{ scope: { kind: 'account' }, permissions } as const] };
      const [result] = await process.signBatch({ ...caller, principal, token }, [itemOf(key, 'a')]);
      return result;
    };
    expect(await sign(['sign'])).toMatchObject({ outcome: 'signed' });
    expect(await sign(['read-key'])).toMatchObject({ outcome: 'denied', code: 'forbidden' });
    expect(await sign([])).toMatchObject({ outcome: 'failed', code: 'not_found' });
  });

  it('cost nothing where the account has none: no turn of the event loop, and wallets are not asked about', async () => {
    const key = ed25519Key({ custody: 'hash' });
    const turns = async (governed: boolean): Promise<number> => {
      const ports = recordingPorts([key]);
      const index = { judgesSignatures: false, readsContent: false };
      const governance = {
        policies: { cached: <Value extends object>() => index as unknown as Value },
        wallets: {
          ofKeys: () => {
            throw new Error('asked');
          },
        },
        prices: { valueUsdMicros: () => undefined },
      };
      const dependencies = { ...ports.dependencies, governance: governed ? governance : undefined };
      let done = false;
      const signing = createSignBatch(dependencies)(ports.caller, [itemOf(key, 'a')]).then(([result]) => {
        expect(result?.outcome).toBe('signed');
        done = true;
      });
      let count = 0;
      for (; !done; count++) await Promise.resolve();
      await signing;
      return count;
    };
    expect(await turns(true)).toBe(await turns(false));
  });
});

describe('screenings', () => {
  const screening = { kind: 'screening', configuration: { ruleName: 'aml' } };

  it.each<[string, readonly string[], RuleAnswer, 'signed' | 'rejected']>([
    ['yes', ['aml'], { approved: true }, 'signed'],
    ['no', ['aml'], { approved: false, reason: 'sanctioned' }, 'rejected'],
    ['nothing that is a yes', ['aml'], { approved: 'true' } as unknown as RuleAnswer, 'rejected'],
    ['yes, but under another name', ['other'], { approved: true }, 'rejected'],
  ])('ask the rule server about every part; it says %s', async (_, names, answer, status) => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const { external, asked } = screeningRules(names, () => answer);
    world.external = external;
    world.addPolicy({ rule: screening, action: BLOCK });
    const [result] = await world.start().create(textRequest(key, ['a', 'b']));
    expect(requestOf(result).status).toBe(status);
    expect(asked.map(({ payload }) => Buffer.from(payload.bytes).toString())).toEqual(
      names.includes('aml') ? ['a', 'b'] : [],
    );
  });

  it('count as no where there are no rule servers, and where one part is refused', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.addPolicy({ rule: screening, action: BLOCK });
    const [none] = await world.start().create(textRequest(key, ['a', 'b']));
    expect(requestOf(none).status).toBe('rejected');
    world.external = screeningRules(['aml'], ({ payload }) =>
      Buffer.from(payload.bytes).toString() === 'b' ? { approved: false, reason: '' } : { approved: true },
    ).external;
    const [partly] = await world.start().create(textRequest(key, ['a', 'b']));
    expect(requestOf(partly).status).toBe('rejected');
  });

  it('are asked before people are: a block of theirs wins over a request for approval', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    world.external = screeningRules(['aml'], () => ({ approved: false, reason: 'no' })).external;
    world.addPolicy({ action: ASKING });
    const waiting = requestOf((await world.start().create(plainRequest(key, 'a')))[0]);
    expect(waiting.status).toBe('pending');
    world.addPolicy({ rule: screening, action: BLOCK });
    expect(requestOf((await world.start().create(plainRequest(key, 'b')))[0]).status).toBe('rejected');
  });

  it('are asked again when people have approved what they refused', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const approver = world.addPrincipal(['approve']);
    const { external, asked } = screeningRules(['aml'], () => ({ approved: false, reason: 'no' }));
    world.external = external;
    world.addPolicy({ rule: screening, action: ASKING });
    const process = world.start();
    const request = requestOf((await process.create(plainRequest(key, 'a')))[0]);
    expect(request.status).toBe('pending');
    world.approve(request, approver);
    await process.runner.release(request.id);
    expect(world.stored(request.id).status).toBe('signed');
    expect(asked).toHaveLength(2);
  });

  it('stand beside the rules of the key itself, of which one refuses the whole request', async () => {
    const key = ed25519Key();
    const world = requestWorld(key);
    const { external } = screeningRules([], ({ payload }) =>
      Buffer.from(payload.bytes).toString() === 'b' ? { approved: false, reason: 'not b' } : { approved: true },
    );
    const guard = ruleNamed('guard');
    world.external = {
      ...external,
      policies: { ...external.policies, rulesOfKeys: (_account, keys) => keys.map(() => [guard]) },
    };
    const results = await world.start().create(textRequest(key, ['a', 'b']), textRequest(key, ['a', 'c']));
    expect(results.map((result) => requestOf(result).status)).toEqual(['rejected', 'signed']);
    expect(requestOf(results[0]).reason).toBe('rule guard: not b');
  });
});

describe('adding a policy', () => {
  const actions = fc.constantFrom(BLOCK, ASKING, { kind: 'none' } as const);
  const rules = fc.constantFrom(
    { kind: 'always', configuration: {} },
    { kind: 'recipient-whitelist', configuration: { addresses: ['friend'] } },
    { kind: 'amount-limit', configuration: { limitUsd: '1', currency: 'USD' } },
    { kind: 'screening', configuration: { ruleName: 'aml' } },
    velocity(1),
    velocity(2),
  );
  const policies = fc.record({ rule: rules, action: actions });
  const SIGNED = 0;
  const SIGNED_WITH_APPROVAL = 1;
  const REFUSED = 2;

  it('never allows what was refused, nor without approval what needed it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(policies, { maxLength: 4 }),
        policies,
        fc.nat(),
        fc.constantFrom('friend', 'enemy', 'opaque'),
        fc.boolean(),
        fc.nat({ max: 2 }),
        fc.boolean(),
        async (list, extra, at, recipient, screened, before, mayBlind) => {
          const outcome = async (drafts: typeof list): Promise<number> => {
            const key = ed25519Key();
            const world = requestWorld(key);
            world.external = screeningRules(['aml'], () =>
              screened ? { approved: true } : { approved: false, reason: 'no' },
            ).external;
            const requester = world.addPrincipal(mayBlind ? ['sign', 'blind-sign'] : ['sign']);
            for (const draft of drafts) {
              const { id } = world.addPolicy(draft);
              const spent = Array.from({ length: before }, () => ({
                policyId: id,
                keyId: key.id,
                atMs: world.nowMs,
                amount: 1n,
              }));
              world.database.spent = [...world.database.spent, ...spent];
            }
            const item = recipient === 'opaque' ? plainRequest(key, 'x') : textRequest(key, ['x'], recipient);
            const process = world.start();
            const [result] = await process.requests.create(world.callerOf(requester), [{ ok: true, item }]);
            if (result?.ok !== true) return REFUSED;
            const { id, status } = result.request;
            expect(world.signed).toHaveLength(status === 'signed' ? 1 : 0);
            if (status !== 'pending') return status === 'signed' ? SIGNED : REFUSED;
            world.approve(result.request, world.addPrincipal(['approve']));
            await process.runner.release(id);
            return world.stored(id).status === 'signed' ? SIGNED_WITH_APPROVAL : REFUSED;
          };
          const longer = list.toSpliced(at % (list.length + 1), 0, extra);
          expect(await outcome(longer)).toBeGreaterThanOrEqual(await outcome(list));
        },
      ),
      { numRuns: 150 },
    );
  });
});
