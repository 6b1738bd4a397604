import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectedSignature,
  groupId,
  hashCustody,
  keyOf,
  principalWith,
  recordingPorts,
} from '../test/recording-ports.ts';
import { newId } from './ids.ts';
import type { KeyRecord } from './key-record.ts';
import { BUILT_IN_RULES } from './policy/built-in-rules.ts';
import type { CustodySignature } from './ports/custody.ts';
import { createSignBatch } from './sign-batch.ts';
import type { ParsedItem, SigningItem } from './signing-item.ts';

function digestOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

function itemOf(key: KeyRecord, byte = 1, options: SigningItem['options'] = {}): ParsedItem<SigningItem> {
  const payload = { kind: 'digest', bytes: digestOf(byte), digest: 'sha-256' } as const;
  return { ok: true, item: { key: { by: 'id', id: key.id }, payload, options } };
}

describe('signBatch', () => {
  it('records the intent before it signs, and the outcome before it answers', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const [result] = await createSignBatch(ports.dependencies)(ports.caller, [itemOf(key, 7)]);
    expect(result).toEqual({ outcome: 'signed', key, signature: expectedSignature(key, digestOf(7)) });
    expect(ports.calls).toEqual(['resolve:1', 'intent', 'sign:hash', 'outcome', 'touch:1']);
    expect(ports.intents[0]?.items).toEqual([{ keyId: key.id, keyVersion: 1, payloadDigest: digestOf(7) }]);
  });

  it('does not sign until the commit of the intent is done, nor answer until that of the outcome is', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const intentHeld = Promise.withResolvers<void>();
    const outcomeHeld = Promise.withResolvers<void>();
    const journal = ports.dependencies.journal;
    let answered = false;
    const signing = createSignBatch({
      ...ports.dependencies,
      journal: {
        recordIntent: (intent) => intentHeld.promise.then(() => journal.recordIntent(intent)),
        recordOutcome: (receipt, items) => outcomeHeld.promise.then(() => journal.recordOutcome(receipt, items)),
      },
    })(ports.caller, [itemOf(key)]).then(() => {
      answered = true;
    });
    await new Promise(setImmediate);
    expect(ports.calls).toEqual(['resolve:1']);
    intentHeld.resolve();
    await new Promise(setImmediate);
    expect(ports.calls).toEqual(['resolve:1', 'intent', 'sign:hash']);
    expect(answered).toBe(false);
    outcomeHeld.resolve();
    await signing;
    expect(answered).toBe(true);
  });

  it('keeps every item in its place, whatever becomes of its neighbours', async () => {
    const good = keyOf();
    const disabled = keyOf({ enabled: false });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('good', 'unknown', 'disabled', 'unparsed', 'short'), { maxLength: 40 }),
        async (kinds) => {
          const ports = recordingPorts([good, disabled]);
          const items = kinds.map((kind, index): ParsedItem<SigningItem> => {
            if (kind === 'good') return itemOf(good, index);
            if (kind === 'disabled') return itemOf(disabled, index);
            if (kind === 'unknown') return itemOf(keyOf(), index);
            if (kind === 'unparsed') return { ok: false, code: 'invalid_request', reason: `item ${index}` };
            const payload = { kind: 'digest', bytes: new Uint8Array(5), digest: 'sha-256' } as const;
            return { ok: true, item: { key: { by: 'id', id: good.id }, payload, options: {} } };
          });
          const results = await createSignBatch(ports.dependencies)(ports.caller, items);
          expect(results).toHaveLength(kinds.length);
          kinds.forEach((kind, index) => {
            const result = results[index];
            if (kind === 'good')
              expect(result).toEqual({
                outcome: 'signed',
                key: good,
                signature: expectedSignature(good, digestOf(index)),
              });
            else if (kind === 'disabled') expect(result).toMatchObject({ outcome: 'denied', code: 'key_not_usable' });
            else if (kind === 'unknown') expect(result).toMatchObject({ outcome: 'failed', code: 'not_found' });
            else if (kind === 'unparsed') expect(result).toMatchObject({ outcome: 'failed', reason: `item ${index}` });
            else expect(result).toMatchObject({ outcome: 'failed', code: 'invalid_request' });
          });
          const allowed = kinds.filter((kind) => kind === 'good').length;
          const refused = kinds.filter((kind) => kind === 'disabled').length;
          expect(ports.intents).toHaveLength(allowed + refused > 0 ? 1 : 0);
          expect(ports.intents[0]?.refused.length ?? 0).toBe(refused);
          expect(ports.outcomes[0]?.length ?? 0).toBe(allowed);
        },
      ),
    );
  });

  it('answers an empty batch with nothing, and does nothing', async () => {
    const ports = recordingPorts([]);
    expect(await createSignBatch(ports.dependencies)(ports.caller, [])).toEqual([]);
    expect(ports.calls).toEqual([]);
  });

  it('looks a key up once, however many items name it', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    await createSignBatch(ports.dependencies)(ports.caller, [itemOf(key, 1), itemOf(key, 2), itemOf(key, 3)]);
    expect(ports.calls[0]).toBe('resolve:1');
  });

  it('judges again when keys or grants changed before the intent was durable', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    let changes = 2;
    const rules = [
      ...BUILT_IN_RULES,
      {
        name: 'changing',
        judge: () => {
          if (changes-- > 0) ports.bumpRevision();
          return { verdict: 'allow' } as const;
        },
      },
    ];
    const results = await createSignBatch({ ...ports.dependencies, rules })(ports.caller, [itemOf(key)]);
    expect(results[0]?.outcome).toBe('signed');
    expect(ports.calls.filter((call) => call === 'intent')).toHaveLength(3);
    expect(ports.calls.filter((call) => call.startsWith('sign'))).toHaveLength(1);
  });

  it('gives up with a retryable error when the account never stands still', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const judge = () => {
      ports.bumpRevision();
      return { verdict: 'allow' } as const;
    };
    const signBatch = createSignBatch({ ...ports.dependencies, rules: [{ name: 'restless', judge }] });
    await expect(signBatch(ports.caller, [itemOf(key)])).rejects.toMatchObject({ code: 'unavailable' });
    expect(ports.calls).not.toContain('sign:hash');
  });

  it('withholds signatures whose outcome could not be recorded', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const journal = { ...ports.dependencies.journal, recordOutcome: () => Promise.reject(new Error('disk full')) };
    const signBatch = createSignBatch({ ...ports.dependencies, journal });
    await expect(signBatch(ports.caller, [itemOf(key)])).rejects.toThrow('disk full');
  });

  it('records items of a custody that broke off as unknown, and answers that they may be sent again', async () => {
    const key = keyOf();
    const ports = recordingPorts([key]);
    const broken = { ...hashCustody('hash', []), sign: () => Promise.reject(new Error('gone')) };
    const custodies = new Map([['hash', broken]]);
    const results = await createSignBatch({ ...ports.dependencies, custodies })(ports.caller, [itemOf(key)]);
    expect(results).toMatchObject([{ outcome: 'failed', code: 'unavailable' }]);
    expect(ports.outcomes).toEqual([[{ status: 'unknown', signatureDigest: undefined }]]);
  });

  it('never lets a signature out that does not verify, where the key asks for the check', async () => {
    const careful = keyOf({ verifyAfterSign: true });
    const plain = keyOf();
    const ports = recordingPorts([careful, plain]);
    const wrong: CustodySignature = {
      status: 'signed',
      signature: new Uint8Array(32),
      signatureDigest: hash('sha256', new Uint8Array(32), 'buffer'),
    };
    const custodies = new Map([['hash', { ...hashCustody('hash', []), sign: async () => [wrong, wrong] }]]);
    const results = await createSignBatch({ ...ports.dependencies, custodies })(ports.caller, [
      itemOf(careful),
      itemOf(plain),
    ]);
    expect(results[0]).toMatchObject({ outcome: 'failed', code: 'internal' });
    expect(results[1]?.outcome).toBe('signed');
    expect(ports.outcomes[0]?.map((item) => item.status)).toEqual(['failed', 'signed']);
  });

  it('sends each custody its own permits, and puts the answers back in order', async () => {
    const here = keyOf();
    const there = keyOf({ custody: 'other' });
    const ports = recordingPorts([here, there]);
    const custodies = new Map(ports.dependencies.custodies).set('other', hashCustody('other', ports.calls));
    const items = [itemOf(there, 1), itemOf(here, 2), itemOf(there, 3)];
    const results = await createSignBatch({ ...ports.dependencies, custodies })(ports.caller, items);
    expect(results).toEqual([
      { outcome: 'signed', key: there, signature: expectedSignature(there, digestOf(1)) },
      { outcome: 'signed', key: here, signature: expectedSignature(here, digestOf(2)) },
      { outcome: 'signed', key: there, signature: expectedSignature(there, digestOf(3)) },
    ]);
  });

  it('refuses, and records, what the grants do not allow; hides keys that the caller cannot see', async () => {
    const key = keyOf();
    const elsewhere = keyOf({ groupId: newId() });
    const viewer = principalWith([{ scope: { kind: 'group', groupId }, permissions: ['verify'] }]);
    const ports = recordingPorts([key, elsewhere], viewer);
    const results = await createSignBatch(ports.dependencies)(ports.caller, [itemOf(key), itemOf(elsewhere)]);
    expect(results).toMatchObject([
      { outcome: 'denied', code: 'forbidden' },
      { outcome: 'failed', code: 'not_found' },
    ]);
    expect(ports.intents[0]).toMatchObject({ items: [], refused: [{ keyId: key.id, code: 'forbidden' }] });
    expect(ports.calls).not.toContain('sign:hash');
  });

  it('refuses a disabled principal outright', async () => {
    const key = keyOf();
    const ports = recordingPorts([key], { ...principalWith([]), enabled: false });
    await expect(createSignBatch(ports.dependencies)(ports.caller, [itemOf(key)])).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it.each([
    ['sha-1', 20, { algorithm: 'ecdsa-p256' }],
    ['sha-256', 32, { algorithm: 'ecdsa-p192' }],
    ['sha-256', 32, { algorithm: 'rsa', parameters: { modulusBits: 1024, publicExponent: 65537 } }],
  ] as const)(
    'protects by default against %s (%i bytes) on %o, naming the setting',
    async (digest, length, overrides) => {
      const key = keyOf(overrides);
      const ports = recordingPorts([key]);
      const item: SigningItem = {
        key: { by: 'id', id: key.id },
        payload: { kind: 'digest', bytes: new Uint8Array(length), digest },
        options: {},
      };
      const [result] = await createSignBatch(ports.dependencies)(ports.caller, [{ ok: true, item }]);
      expect(result).toMatchObject({ outcome: 'denied', code: 'protected_by_default' });
      expect(result?.outcome === 'denied' && result.reason).toContain('allow_legacy');
    },
  );

  it.each([
    [{ deterministicSignatures: true }, { deterministic: false }, 'failed'],
    [{ deterministicSignatures: true }, {}, 'signed'],
    [{ deterministicSignatures: false }, { deterministic: true }, 'failed'],
    [{}, { deterministic: true }, 'signed'],
    [{ allowSignDigest: false }, {}, 'failed'],
  ] as const)('holds the key %o against the options %o: %s', async (overrides, options, outcome) => {
    const key = keyOf(overrides);
    const ports = recordingPorts([key]);
    const [result] = await createSignBatch(ports.dependencies)(ports.caller, [itemOf(key, 1, options)]);
    expect(result?.outcome).toBe(outcome);
  });
});
