import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, testIdentity } from '../../test/exchange/test-identities.ts';
import { MalformedBytes } from '../codec.ts';
import { sealBox } from './aead.ts';
import { type Frame, frameFormat, openBody, SEALED_KEY_BYTES, sealBody } from './frame.ts';
import { decodeAbort, encodeAbort, presentable } from './payloads.ts';
import { encodeStatement, isSignedBy, NO_HASH, parseStatement, signStatement } from './statement.ts';

const format = frameFormat(1000);
const body = Buffer.alloc(300, 3);
const round: Frame = { kind: 'round', sequence: 7, boxes: [Buffer.alloc(SEALED_KEY_BYTES, 1)], body };
const knock: Frame = {
  kind: 'knock',
  salt: Buffer.alloc(32, 2),
  boxes: [{ hint: Buffer.alloc(16, 4), sealedKey: Buffer.alloc(SEALED_KEY_BYTES, 5) }],
  body,
};
const head = {
  kind: 'round',
  round: 3,
  room: digest('room'),
  operation: digest('operation'),
  session: digest('session'),
  previous: NO_HASH,
} as const;

describe('frames', () => {
  it('are read as they were written, and have one encoding', () => {
    for (const frame of [round, knock]) {
      const encoded = format.encode(frame);
      expect(format.decode(encoded)).toEqual(frame);
      for (const wrong of [encoded.subarray(1), encoded.subarray(0, -1), Buffer.concat([encoded, Buffer.alloc(1)])]) {
        expect(() => format.decode(wrong)).toThrow(MalformedBytes);
      }
      const otherVersion = Buffer.from(encoded);
      otherVersion.writeUInt8(2, 0);
      expect(() => format.decode(otherVersion)).toThrow(MalformedBytes);
    }
  });

  it('are bounded in boxes and length', () => {
    const manyBoxes = Buffer.from(format.encode(round));
    manyBoxes.writeUInt32LE(0xffffffff, 6);
    expect(() => format.decode(manyBoxes)).toThrow(MalformedBytes);
    const long = frameFormat(5000).encode({ ...round, body: Buffer.alloc(5000) });
    expect(() => format.decode(long)).toThrow(MalformedBytes);
    const greatest = format.encode({ ...knock, boxes: Array(20).fill(knock.boxes[0]), body: Buffer.alloc(1000 + 276) });
    expect(greatest.length).toBeLessThanOrEqual(format.frameBytes);
    expect(format.decode(greatest).boxes).toHaveLength(20);
  });

  it('of any bytes are read or malformed, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, isPlausible) => {
        if (isPlausible) bytes.set([1, (bytes[1] ?? 0) % 2].slice(0, bytes.length));
        try {
          expect(format.encode(format.decode(bytes))).toEqual(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('bodies', () => {
  const me = testIdentity(0);
  const payload = Buffer.from('a payload');
  const statement = signStatement(me, head, payload);

  it('open to their statement and payload, and to nothing when anything is altered', () => {
    const sealed = sealBody(statement, payload, digest('random'));
    const opened = openBody(sealed.key, sealed.body);
    if (opened === undefined) throw new Error('not opened');
    expect(encodeStatement(opened.statement)).toEqual(encodeStatement(statement));
    expect(opened.payload).toEqual(payload);
    for (let i = 0; i < sealed.body.length; i += 1) {
      const altered = Buffer.from(sealed.body);
      altered.writeUInt8(altered.readUInt8(i) ^ 4, i);
      expect(openBody(sealed.key, altered)).toBeUndefined();
    }
    expect(openBody(digest('another key'), sealed.body)).toBeUndefined();
  });

  it('with another payload than the stated one, or none at all, are refused though they open', () => {
    const other = sealBody(statement, Buffer.from('another payload'), digest('random'));
    expect(openBody(other.key, other.body)).toBeUndefined();
    const key = digest('key');
    for (const plain of [Buffer.alloc(0), Buffer.alloc(259), Buffer.alloc(400, 9)]) {
      expect(openBody(key, sealBox(key, 0, plain))).toBeUndefined();
    }
  });

  it('have keys of their own even when randomness repeats', () => {
    const other = signStatement(me, head, Buffer.from('another payload'));
    const [one, two] = [statement, other].map((each) => sealBody(each, payload, digest('random')).key);
    expect(one).not.toEqual(two);
  });
});

describe('statements', () => {
  it('are signed whole: no altered bit verifies', () => {
    const me = testIdentity(0);
    const encoded = encodeStatement(signStatement(me, head, Buffer.alloc(0)));
    expect(encoded).toHaveLength(260);
    expect(isSignedBy(parseStatement(encoded), me.public)).toBe(true);
    expect(isSignedBy(parseStatement(encoded), testIdentity(1).public)).toBe(false);
    for (let bit = 0; bit < encoded.length * 8; bit += 7) {
      const altered = Buffer.from(encoded);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      let isValid = false;
      try {
        isValid = isSignedBy(parseStatement(altered), me.public);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBytes);
      }
      expect(isValid).toBe(false);
    }
  });
});

describe('reasons', () => {
  it('reach people in one line, without control characters, and short', () => {
    expect(presentable('a\r\nforged line\u001b[31m \u202e')).toBe('a forged line [31m  ');
    expect(presentable('x'.repeat(600))).toBe(`${'x'.repeat(497)}...`);
    expect(presentable('\ud83d\ude00'.repeat(300)).isWellFormed()).toBe(true);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (reason) => {
        const read = decodeAbort(encodeAbort({ cause: 'internal', reason, proof: undefined }));
        expect(read.reason.length).toBeLessThanOrEqual(500);
        expect(read.reason).toBe(presentable(reason));
      }),
    );
  });
});
