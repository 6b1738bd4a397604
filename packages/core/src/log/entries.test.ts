import { hash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountId, type KeyId, newId, type PrincipalId } from '../ids.ts';
import type { Intent, OutcomeItem } from '../ports/signing-journal.ts';
import { decodeEvent, encodeEvent } from './event-entry.ts';
import { decodeIntent, encodeIntent, intentLeafData } from './intent-entry.ts';
import { leafHashes } from './log-row.ts';
import { decodeOutcome, encodeOutcome } from './outcome-entry.ts';
import { HASH_BYTES, hashLeaf } from './tree-hash.ts';

const accountId = newId<AccountId>();
const principalId = newId<PrincipalId>();
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const keyId = fc.constant(undefined).map(() => newId<KeyId>());

const intents = fc
  .record({
    items: fc.array(fc.record({ keyId, keyVersion: fc.nat(), payloadDigest: bytes(64) }), { maxLength: 40 }),
    refused: fc.array(
      fc.record({ keyId, payloadDigest: bytes(64), code: fc.constantFrom('forbidden', 'denied_by_policy') }),
      { maxLength: 10 },
    ),
    accountRevision: fc.maxSafeNat(),
  })
  .filter(({ items, refused }) => items.length + refused.length > 0)
  .map((part): Intent => ({ ...part, accountId, principalId, dialect: 'dsm' }));

const outcomesFor = (intent: Intent): OutcomeItem[] =>
  intent.items.map((_, i) =>
    i % 3 === 0
      ? { status: i % 2 === 0 ? 'failed' : 'unknown', signatureDigest: undefined }
      : { status: 'signed', signatureDigest: randomBytes(32) },
  );

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v)));
const plainBytes = <T extends { payloadDigest: Uint8Array }>(items: readonly T[]): unknown =>
  plain(items.map((item) => ({ ...item, payloadDigest: Buffer.from(item.payloadDigest).toString('hex') })));

describe('entries of a batch', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(intents, fc.maxSafeNat(), fc.maxSafeNat(), (intent, batchId, atMs) => {
        const body = encodeIntent(intent, batchId, atMs);
        const decoded = decodeIntent(body);
        expect(plainBytes(decoded.items)).toEqual(plainBytes(intent.items));
        expect(plainBytes(decoded.refused)).toEqual(plainBytes(intent.refused));
        const { accountRevision } = intent;
        const itemCount = intent.items.length;
        expect(decoded.header).toMatchObject({
          batchId,
          accountId,
          principalId,
          accountRevision,
          itemCount,
          dialect: 'dsm',
        });
        expect(decoded.header.createdAtMs).toBe(atMs);
        if (itemCount === 0) return;
        const outcomes = outcomesFor(intent);
        const outcome = decodeOutcome(encodeOutcome(body, (i) => outcomes[i], atMs));
        expect(outcome.header).toMatchObject({ batchId, accountId, principalId, itemCount });
        expect(outcome.records.map(({ status }) => status)).toEqual(outcomes.map(({ status }) => status));
        expect(outcome.records.map(({ keyId }) => keyId)).toEqual(intent.items.map((item) => item.keyId));
        for (const [i, record] of outcome.records.entries()) {
          expect(Buffer.compare(record.payloadDigest, intent.items[i]?.payloadDigest ?? Buffer.of())).toBe(0);
          expect(record.signatureDigest && Buffer.from(record.signatureDigest)).toEqual(outcomes[i]?.signatureDigest);
        }
      }),
    );
  });

  it('make one leaf for the intent: header and SHA-256 of the items, below 64 KiB for any batch', () => {
    const items = Array.from({ length: 5_000 }, () => ({
      keyId: newId<KeyId>(),
      keyVersion: 1,
      payloadDigest: randomBytes(32),
    }));
    const intent: Intent = { accountId, accountRevision: 7, principalId, dialect: 'dsm', items, refused: [] };
    const body = encodeIntent(intent, 12, 34);
    const headerBytes = 2 + 8 + 16 + 8 + 16 + 8 + 4 + 4 + 1 + 3;
    const expected = Buffer.concat([
      body.subarray(0, headerBytes),
      hash('sha256', body.subarray(headerBytes), 'buffer'),
    ]);
    expect(Buffer.from(intentLeafData(body))).toEqual(expected);
    expect(Buffer.from(leafHashes('intent', body))).toEqual(Buffer.from(hashLeaf(expected)));
  });

  it('make one leaf for each outcome: prefix, header hash, index, record', () => {
    const items = [randomBytes(32), randomBytes(0), randomBytes(64), randomBytes(20)].map((payloadDigest) => ({
      keyId: newId<KeyId>(),
      keyVersion: 3,
      payloadDigest,
    }));
    const intent: Intent = { accountId, accountRevision: 7, principalId, dialect: 'dsm', items, refused: [] };
    const outcomes = outcomesFor(intent);
    const row = encodeOutcome(encodeIntent(intent, 5, 6), (i) => outcomes[i], 7);
    const headerBytes = 2 + 8 + 16 + 8 + 16 + 8 + 4 + 4 + 1 + 3;
    const headerHash = hash('sha256', row.subarray(0, headerBytes), 'buffer');
    const leaves = items.map((item, i) => {
      const { status, signatureDigest } = outcomes[i] as OutcomeItem;
      const index = Buffer.alloc(4);
      index.writeUInt32BE(i);
      return hashLeaf(
        Buffer.concat([
          Buffer.of(1, 3),
          headerHash,
          index,
          Buffer.of({ signed: 1, failed: 2, unknown: 3 }[status]),
          Buffer.from(item.keyId.replaceAll('-', ''), 'hex'),
          Buffer.of(item.payloadDigest.length),
          item.payloadDigest,
          Buffer.of(signatureDigest?.length ?? 0),
          signatureDigest ?? Buffer.of(),
          Buffer.of(0, 0),
        ]),
      );
    });
    expect(Buffer.from(leafHashes('outcome', row))).toEqual(Buffer.concat(leaves));
  });

  it('has leaves for records with an extension of any allowed size', () => {
    const items = [{ keyId: newId<KeyId>(), keyVersion: 3, payloadDigest: randomBytes(32) }];
    const intent: Intent = { accountId, accountRevision: 7, principalId, dialect: 'dsm', items, refused: [] };
    const row = encodeOutcome(encodeIntent(intent, 5, 6), () => ({ status: 'failed', signatureDigest: undefined }), 7);
    const extension = randomBytes(60_000);
    const extended = Buffer.concat([row, extension]);
    extended.writeUInt16BE(extension.length, row.length - 2);
    const headerBytes = 2 + 8 + 16 + 8 + 16 + 8 + 4 + 4 + 1 + 3;
    const prefix = Buffer.concat([
      Buffer.of(1, 3),
      hash('sha256', row.subarray(0, headerBytes), 'buffer'),
      Buffer.alloc(4),
    ]);
    const leaf = Buffer.concat([prefix, extended.subarray(headerBytes)]);
    expect(Buffer.from(leafHashes('outcome', extended))).toEqual(Buffer.from(hashLeaf(leaf)));
  });

  it('changes its leaves with any bit of a row, or is refused', () => {
    fc.assert(
      fc.property(intents, fc.nat(), (intent, bit) => {
        const body = encodeIntent(intent, 1, 2);
        const outcomes = outcomesFor(intent);
        const rows: [string, Uint8Array][] = [[intent.items.length > 0 ? 'intent' : 'refusal', body]];
        if (intent.items.length > 0) rows.push(['outcome', encodeOutcome(body, (i) => outcomes[i], 3)]);
        for (const [phase, row] of rows) {
          const before = Buffer.from(leafHashes(phase, row)).toString('hex');
          const bent = Uint8Array.from(row);
          const at = (bit >> 3) % bent.length;
          bent[at] = (bent[at] ?? 0) ^ (1 << (bit & 7));
          expect(leavesOrRefusal(phase, bent)).not.toBe(before);
          expect(leavesOrRefusal(phase, row.subarray(0, at))).not.toBe(before);
        }
      }),
    );
  });

  it('never reads past the end of arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom('intent', 'refusal', 'outcome', 'event', 'toString'), bytes(300), (phase, body) => {
        expect(leavesOrRefusal(phase, body)).toBe('refused');
      }),
    );
  });

  it('refuses what breaks the contract', () => {
    const item = { keyId: newId<KeyId>(), keyVersion: 1, payloadDigest: randomBytes(32) };
    const intent: Intent = { accountId, accountRevision: 1, principalId, dialect: 'dsm', items: [item], refused: [] };
    const body = encodeIntent(intent, 1, 1);
    expect(() => encodeIntent({ ...intent, items: [] }, 1, 1)).toThrow('without items');
    expect(() => encodeIntent({ ...intent, items: [{ ...item, payloadDigest: randomBytes(65) }] }, 1, 1)).toThrow(
      'too long',
    );
    expect(() => encodeIntent({ ...intent, dialect: 'a b' }, 1, 1)).toThrow('dialect');
    expect(() => encodeIntent({ ...intent, accountId: 'x' as AccountId }, 1, 1)).toThrow('UUID');
    expect(() => encodeOutcome(body, () => undefined, 1)).toThrow('missing');
    expect(() => encodeOutcome(body, () => ({ status: 'signed', signatureDigest: undefined }), 1)).toThrow('SHA-256');
    expect(() => encodeOutcome(body, () => ({ status: 'signed', signatureDigest: randomBytes(31) }), 1)).toThrow(
      'SHA-256',
    );
    expect(() => encodeOutcome(body, () => ({ status: 'failed', signatureDigest: randomBytes(32) }), 1)).toThrow(
      'SHA-256',
    );
  });
});

describe('events', () => {
  it('come back as they were written, and are their own leaf', () => {
    const body = encodeEvent({ kind: 'key-created', accountId, by: principalId, details: { key: 'k' } }, 99);
    const decoded = decodeEvent(body);
    expect({ ...decoded, json: JSON.parse(decoded.json) }).toEqual({
      createdAtMs: 99,
      accountId,
      json: { kind: 'key-created', by: principalId, details: { key: 'k' } },
    });
    expect(Buffer.from(leafHashes('event', body))).toEqual(Buffer.from(hashLeaf(body)));
  });

  it('may be at most 16 KiB', () => {
    const event = { kind: 'x', accountId: undefined, by: undefined, details: { text: 'a'.repeat(17_000) } };
    expect(() => encodeEvent(event, 1)).toThrow('too large');
  });
});

function leavesOrRefusal(phase: string, body: Uint8Array): string {
  try {
    const hashes = leafHashes(phase, body);
    expect(hashes.length % HASH_BYTES).toBe(0);
    return Buffer.from(hashes).toString('hex');
  } catch (error) {
    expect(error).toMatchObject({ code: 'internal' });
    return 'refused';
  }
}
