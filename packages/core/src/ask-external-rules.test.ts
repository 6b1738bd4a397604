import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedSignature, groupId, keyOf, principalWith, recordingPorts } from '../test/recording-ports.ts';
import type { ExternalRules } from './ask-external-rules.ts';
import { newId } from './ids.ts';
import type { KeyRecord } from './key-record.ts';
import type { ExternalRule } from './policy/external/external-rule.ts';
import type { RuleAnswer, RuleQuestion } from './ports/rule-servers.ts';
import { createSignBatch } from './sign-batch.ts';
import type { ParsedItem, SigningItem } from './signing-item.ts';

const YES: RuleAnswer = { approved: true };

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

function itemOf(key: KeyRecord, byte = 1, more: Partial<SigningItem> = {}): ParsedItem<SigningItem> {
  const payload = { kind: 'digest', bytes: new Uint8Array(32).fill(byte), digest: 'sha-256' } as const;
  return { ok: true, item: { key: { by: 'id', id: key.id }, payload, options: {}, ...more } };
}

/** Rules by key, and rule servers that answer by a function of the question. */
function externalRules(
  rulesByKey: ReadonlyMap<KeyRecord, readonly ExternalRule[]>,
  answer: (question: RuleQuestion) => RuleAnswer | Promise<RuleAnswer>,
  resultingKey: ExternalRules['resultingKey'] = async () => undefined,
) {
  const asked: RuleQuestion[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const external: ExternalRules = {
    policies: {
      rulesOfKeys: (_account, keys) => {
        const byId = new Map([...rulesByKey].map(([key, rules]) => [key.id, rules]));
        return keys.map((key) => (key === undefined ? undefined : byId.get(key.id)));
      },
      findRule: async () => undefined,
    },
    ruleServers: {
      async ask(question) {
        asked.push(question);
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        await new Promise(setImmediate);
        try {
          return await answer(question);
        } finally {
          inFlight -= 1;
        }
      },
    },
    resultingKey,
  };
  return { external, asked, mostInFlight: () => mostInFlight };
}

describe('external rules on the signing path', () => {
  it('are asked before the intent, with the facts of the item, and a yes lets it be signed', async () => {
    const key = keyOf({ publicKey: new Uint8Array(65).fill(4) });
    const rule = ruleNamed('limits');
    const ports = recordingPorts([key]);
    const { external, asked } = externalRules(new Map([[key, [rule]]]), () => {
      expect(ports.calls).toEqual(['resolve:1']);
      return YES;
    });
    const context = Uint8Array.of(1, 2, 3);
    const signBatch = createSignBatch({ ...ports.dependencies, external });
    const [result] = await signBatch(ports.caller, [itemOf(key, 7, { context })]);
    expect(result?.outcome).toBe('signed');
    const payload = { kind: 'digest', bytes: new Uint8Array(32).fill(7), digest: 'sha-256' };
    expect(asked).toEqual([
      { rule, algorithm: 'ecdsa-p256', payload, options: {}, resultingKey: key.publicKey, context },
    ]);
  });

  it('of a master key are asked about its children as well, each once', async () => {
    const master = keyOf();
    const child = keyOf({ derivedFrom: { keyId: master.id, path: [0] } });
    const own = keyOf({ derivedFrom: { keyId: master.id, path: [1] } });
    const [limits, hours] = [ruleNamed('limits'), ruleNamed('hours')];
    const rules = new Map([
      [master, [limits]],
      [own, [limits, hours]],
    ]);
    const ports = recordingPorts([master, child, own]);
    const { external, asked } = externalRules(rules, () => ({ approved: false, reason: 'no' }));
    const signBatch = createSignBatch({ ...ports.dependencies, external });
    const results = await signBatch(ports.caller, [itemOf(child, 1), itemOf(own, 2), itemOf(keyOf(), 3)]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['denied', 'denied', 'failed']);
    expect(asked.map(({ rule, payload }) => [rule.name, payload.bytes[0]])).toEqual(
      expect.arrayContaining([
        ['limits', 1],
        ['limits', 2],
      ]),
    );
    expect(asked.filter(({ rule, payload }) => rule === limits && payload.bytes[0] === 2)).toHaveLength(1);
  });

  it('refuse items one by one, record the refusal and leave the neighbours alone', async () => {
    const free = keyOf();
    const guarded = keyOf();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('free', 'approved', 'refused', 'unparsed', 'unknown'), { maxLength: 30 }),
        async (kinds) => {
          const ports = recordingPorts([free, guarded]);
          const rules = new Map([[guarded, [ruleNamed('a'), ruleNamed('b')]]]);
          const { external, asked } = externalRules(rules, ({ rule, payload }) =>
            rule.name === 'b' && kinds[payload.bytes[0] ?? 0] === 'refused' ? { approved: false, reason: 'no' } : YES,
          );
          const items = kinds.map((kind, index): ParsedItem<SigningItem> => {
            if (kind === 'unparsed') return { ok: false, code: 'invalid_request', reason: 'unparsed' };
            if (kind === 'unknown') return itemOf(keyOf(), index);
            return itemOf(kind === 'free' ? free : guarded, index);
          });
          const results = await createSignBatch({ ...ports.dependencies, external })(ports.caller, items);
          kinds.forEach((kind, index) => {
            const key = kind === 'free' ? free : guarded;
            const bytes = new Uint8Array(32).fill(index);
            if (kind === 'free' || kind === 'approved')
              expect(results[index]).toEqual({ outcome: 'signed', key, signature: expectedSignature(key, bytes) });
            else if (kind === 'refused')
              expect(results[index]).toEqual({ outcome: 'denied', code: 'denied_by_policy', reason: 'rule b: no' });
            else expect(results[index]?.outcome).toBe('failed');
          });
          const count = (...which: string[]): number => kinds.filter((kind) => which.includes(kind)).length;
          expect(ports.intents[0]?.items.length ?? 0).toBe(count('free', 'approved'));
          expect(ports.intents[0]?.refused ?? []).toEqual(
            kinds.flatMap((kind, index) =>
              kind === 'refused'
                ? [{ keyId: guarded.id, payloadDigest: new Uint8Array(32).fill(index), code: 'denied_by_policy' }]
                : [],
            ),
          );
          expect(asked).toHaveLength(2 * count('approved', 'refused'));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are not asked about what the rules of the service refuse already', async () => {
    const key = keyOf({ enabled: false });
    const ports = recordingPorts([key]);
    const { external, asked } = externalRules(new Map([[key, [ruleNamed('a')]]]), () => YES);
    const [result] = await createSignBatch({ ...ports.dependencies, external })(ports.caller, [itemOf(key)]);
    expect(result).toMatchObject({ outcome: 'denied', code: 'key_not_usable' });
    expect(asked).toEqual([]);
  });

  it('are not asked about keys that the caller cannot see or sign with', async () => {
    const hidden = keyOf({ groupId: newId() });
    const readable = keyOf();
    const viewer = principalWith([{ scope: { kind: 'group', groupId }, permissions: ['verify'] }]);
    const ports = recordingPorts([hidden, readable], viewer);
    const rules = new Map([hidden, readable].map((key) => [key, [ruleNamed('a')]]));
    const { external, asked } = externalRules(rules, () => YES);
    await createSignBatch({ ...ports.dependencies, external })(ports.caller, [itemOf(hidden), itemOf(readable)]);
    expect(asked).toEqual([]);
  });

  it('are asked anew when the account changed before the intent was durable, and the last answer counts', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    let answers = 0;
    const { external } = externalRules(new Map([[key, [ruleNamed('a')]]]), () => {
      answers += 1;
      if (answers > 2) return { approved: false, reason: 'no more' };
      ports.bumpRevision();
      return YES;
    });
    const [result] = await createSignBatch({ ...ports.dependencies, external })(ports.caller, [itemOf(key)]);
    expect(answers).toBe(3);
    expect(result).toEqual({ outcome: 'denied', code: 'denied_by_policy', reason: 'rule a: no more' });
    expect(ports.calls).not.toContain('sign:hash');
  });

  it('are asked in parallel, but not more than 64 questions at a time', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const { external, asked, mostInFlight } = externalRules(
      new Map([[key, [ruleNamed('a'), ruleNamed('b')]]]),
      () => YES,
    );
    const items = Array.from({ length: 100 }, (_, index) => itemOf(key, index));
    const results = await createSignBatch({ ...ports.dependencies, external })(ports.caller, items);
    expect(results.every(({ outcome }) => outcome === 'signed')).toBe(true);
    expect(asked).toHaveLength(200);
    expect(mostInFlight()).toBe(64);
  });

  it('are given up for a batch that they hold too long: what was not asked is refused', async () => {
    const key = keyOf();
    let clockMs = 0;
    const ports = recordingPorts([key], undefined, { now: () => clockMs });
    const { external, asked } = externalRules(new Map([[key, [ruleNamed('slow')]]]), () => {
      clockMs += 1_000;
      return YES;
    });
    const items = Array.from({ length: 300 }, (_, index) => itemOf(key, index % 256));
    const results = await createSignBatch({ ...ports.dependencies, external })(ports.caller, items);
    expect(asked.length).toBeLessThan(150);
    expect(results.filter(({ outcome }) => outcome === 'signed')).toHaveLength(asked.length);
    expect(results.at(-1)).toMatchObject({ outcome: 'denied', code: 'denied_by_policy' });
  });

  it.each([
    ['reject', () => Promise.reject(new Error('internal detail'))],
    ['answer nothing', () => undefined as unknown as RuleAnswer],
    ['answer a truthy value that is not true', () => ({ approved: 'yes' }) as unknown as RuleAnswer],
  ])('refuse when the rule servers break their contract and %s', async (_, answer) => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const { external } = externalRules(new Map([[key, [ruleNamed('a')]]]), answer);
    const [result] = await createSignBatch({ ...ports.dependencies, external })(ports.caller, [itemOf(key)]);
    expect(result).toMatchObject({ outcome: 'denied', code: 'denied_by_policy' });
    expect(JSON.stringify(result)).not.toContain('internal detail');
    expect(ports.calls).not.toContain('sign:hash');
  });

  it('are told the child key or output key, and refuse where nobody knows it', async () => {
    const key = keyOf({ algorithm: 'bip340', publicKey: new Uint8Array(32).fill(2) });
    const child = new Uint8Array(32).fill(9);
    const rules = new Map([[key, [ruleNamed('a'), ruleNamed('b')]]]);
    const options = [{ derivationPath: [1, 2] }, { merkleRoot: new Uint8Array(0) }, { derivationPath: [] }, {}];
    const items = options.map((each) => itemOf(key, 1, { options: each }));
    const ports = recordingPorts([key]);
    const known = externalRules(
      rules,
      () => YES,
      async () => child,
    );
    await createSignBatch({ ...ports.dependencies, external: known.external })(ports.caller, items);
    const keys = known.asked.map(({ options: { derivationPath = [], merkleRoot }, resultingKey }) => [
      derivationPath.length > 0 || merkleRoot !== undefined,
      resultingKey === child,
    ]);
    expect(keys).toHaveLength(8);
    expect(keys.every(([tweaked, isChild]) => tweaked === isChild)).toBe(true);
    const unknown = externalRules(rules, () => YES);
    const results = await createSignBatch({ ...ports.dependencies, external: unknown.external })(ports.caller, items);
    expect(results.map(({ outcome }) => outcome)).toEqual(['denied', 'denied', 'signed', 'signed']);
  });

  it('see a context of 16 KiB, and refuse a longer one', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const { external } = externalRules(new Map([[key, [ruleNamed('a')]]]), () => YES);
    const results = await createSignBatch({ ...ports.dependencies, external })(ports.caller, [
      itemOf(key, 1, { context: new Uint8Array(16 * 1024) }),
      itemOf(key, 2, { context: new Uint8Array(16 * 1024 + 1) }),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['signed', 'denied']);
  });

  it('have their reasons bounded and put on one line', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const reason = `a\r\n\u202eb${'x'.repeat(100_000)}`;
    const { external } = externalRules(new Map([[key, [ruleNamed('a')]]]), () => ({ approved: false, reason }));
    const [result] = await createSignBatch({ ...ports.dependencies, external })(ports.caller, [itemOf(key)]);
    const text = result?.outcome === 'denied' ? result.reason : '';
    expect(text).toMatch(/^rule a: a {3}bx+\.\.\.$/);
    expect(text.length).toBeLessThanOrEqual(500);
  });

  it('refuse the whole batch when rules and items do not fit together', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const { external } = externalRules(new Map(), () => YES);
    const signBatch = createSignBatch({
      ...ports.dependencies,
      external: { ...external, policies: { ...external.policies, rulesOfKeys: () => [] } },
    });
    await expect(signBatch(ports.caller, [itemOf(key)])).rejects.toMatchObject({ code: 'internal' });
  });

  it('cost no extra turn of the event loop where no key has any', async () => {
    const key = keyOf();
    const turns = async (external: ExternalRules | undefined): Promise<number> => {
      const ports = recordingPorts([key]);
      let done = false;
      const signing = createSignBatch({ ...ports.dependencies, external })(ports.caller, [itemOf(key)]).then(() => {
        done = true;
      });
      let count = 0;
      while (!done) {
        count += 1;
        await Promise.resolve();
      }
      await signing;
      return count;
    };
    const none = externalRules(new Map(), () => YES).external;
    const sleeping = { ...none, policies: { ...none.policies, rulesOfKeys: () => undefined } };
    expect(await turns(sleeping)).toBe(await turns(undefined));
  });
});
