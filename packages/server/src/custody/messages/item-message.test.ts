import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, FRAME_TYPES, FrameError } from '../frames.ts';
import { recordOf, termsOf } from '../sealed-process.fixture.ts';
import { ITEM_STRIDE, packItemMessage, parseItemMessage, setRequestId } from './item-message.ts';
import { packKeyEntry } from './key-entry.ts';

function entryOf(byte: number): Buffer {
  const bytes = new Uint8Array(40).fill(byte);
  const pair = { sealed: bytes, publicKey: bytes.subarray(0, 5), parameters: { b: 2, a: 'x' } };
  const entry = packKeyEntry(recordOf(termsOf('ecdsa-p256'), pair), bytes);
  if (entry === undefined) throw new Error('entry');
  return entry;
}

function messageOf(payloads: readonly Uint8Array[]): Buffer {
  const frame = packItemMessage(FRAME_TYPES.verify, {
    batchId: 2 ** 52 + 1,
    first: 0,
    end: payloads.length,
    keys: payloads.length > 1 ? [entryOf(1), entryOf(2)] : [entryOf(1)],
    schemes: ['{"a":1}'],
    keyIndexes: Uint16Array.from(payloads, (_, index) => index % 2),
    schemeIndexes: new Uint16Array(payloads.length),
    items: payloads.map((bytes) => ({ bytes, signature: bytes.subarray(1) })),
  });
  setRequestId(frame, 77);
  return frame.subarray(FRAME_HEADER_BYTES);
}

const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 250 });

describe('an item message', () => {
  it('carries every field there and back', () => {
    fc.assert(
      fc.property(payloads, (bytes) => {
        const message = parseItemMessage(messageOf(bytes));
        expect([message.requestId, message.batchId, message.firstItem, message.itemCount]).toEqual([
          77,
          2 ** 52 + 1,
          0,
          bytes.length,
        ]);
        expect(message.keys[0]?.algorithm).toBe('ecdsa-p256');
        expect(message.keys[0]?.parameters.toString()).toBe('{"a":"x","b":2}');
        expect(message.keys[0]?.sealed).toHaveLength(40);
        expect(message.schemes).toEqual([{ a: 1 }]);
        expect(message.payloads.equals(Buffer.concat(bytes))).toBe(true);
        expect(message.signatures.equals(Buffer.concat(bytes.map((item) => item.subarray(1))))).toBe(true);
        bytes.forEach((item, index) => {
          expect(message.table.readUInt16LE(index * ITEM_STRIDE)).toBe(index % 2);
          expect(message.table.readUInt32LE(index * ITEM_STRIDE + 4)).toBe(item.length);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is refused, or parses within its bounds, whatever bytes are put in', () => {
    fc.assert(
      fc.property(
        payloads,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (bytes, edits) => {
          const body = Buffer.from(messageOf(bytes));
          // Mostly the fixed part and the table, where the numbers are.
          for (const [position, value] of edits) body[position % Math.min(body.length, 400)] = value;
          try {
            const message = parseItemMessage(body);
            expect(message.table.length).toBe(message.itemCount * ITEM_STRIDE);
            for (let entry = 0; entry < message.table.length; entry += ITEM_STRIDE) {
              expect(message.table.readUInt16LE(entry)).toBeLessThan(message.keys.length);
              expect(message.table.readUInt16LE(entry + 2)).toBeLessThan(message.schemes.length);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is refused when it is cut short or has something behind it', () => {
    const body = messageOf([new Uint8Array(3)]);
    for (let length = 0; length < body.length; length++) {
      expect(() => parseItemMessage(body.subarray(0, length))).toThrow(FrameError);
    }
    expect(() => parseItemMessage(Buffer.concat([body, Buffer.alloc(1)]))).toThrow(FrameError);
  });
});
