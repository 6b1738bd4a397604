import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, FRAME_TYPES, FrameError } from '../frames.ts';
import { recordOf, termsOf } from '../sealed-process.fixture.ts';
import { packChildOrigin, parseChildOrigin } from './child-origin.ts';
import { packKeyEntry } from './key-entry.ts';
import { KEY_PAIR_STATUSES, packKeyPairRequest, parseKeyPairRequest } from './key-pair-message.ts';
import {
  packExportRequest,
  packImportKeyRequest,
  packTransferReply,
  parseExportRequest,
  parseImportKeyRequest,
  parseTransferReply,
} from './transfer-message.ts';

const pair = { sealed: randomBytes(200), publicKey: randomBytes(65), parameters: { form: 'expanded' } };
const entry = packKeyEntry(recordOf(termsOf('ed25519'), pair), pair.sealed) ?? Buffer.alloc(0);
const bodyOf = (frame: Buffer): Buffer => frame.subarray(FRAME_HEADER_BYTES);

describe('the messages of transfers', () => {
  it('are read as they were written', () => {
    expect(parseImportKeyRequest(bodyOf(packImportKeyRequest()))).toEqual({ requestId: 0 });
    const recipient = randomBytes(32);
    const request = parseExportRequest(bodyOf(packExportRequest(recipient, entry)));
    expect(request.recipient.equals(recipient) && request.key.bytes.equals(entry)).toBe(true);
    const origin = parseChildOrigin(packChildOrigin([44, 0, 0x7fff_ffff], entry) ?? Buffer.alloc(0));
    expect(origin.path).toEqual([44, 0, 0x7fff_ffff]);
    expect(origin.parent.bytes.equals(entry)).toBe(true);
    expect(packChildOrigin(new Array<number>(17).fill(0), entry)).toBeUndefined();
    const done = {
      status: 'done',
      publicKey: new Uint8Array(32).fill(1),
      ciphertext: new Uint8Array(50).fill(2),
    } as const;
    expect(parseTransferReply(bodyOf(packTransferReply(7, done)))).toEqual(done);
    for (const status of KEY_PAIR_STATUSES) {
      if (status === 'done') continue;
      expect(parseTransferReply(bodyOf(packTransferReply(7, { status, reason: 'why' })))).toEqual({
        status,
        reason: 'why',
      });
    }
  });

  it('keep a long reason within bounds', () => {
    const reply = parseTransferReply(bodyOf(packTransferReply(1, { status: 'invalid', reason: 'x'.repeat(5000) })));
    expect(reply).toEqual({ status: 'invalid', reason: 'x'.repeat(200) });
  });

  it('have something to make a key from, but for generation, which has nothing', () => {
    const frame = (encoded: Uint8Array): Buffer =>
      bodyOf(packKeyPairRequest(FRAME_TYPES.generate, termsOf('ed25519'), {}, encoded) ?? Buffer.alloc(0));
    const [empty, full] = [frame(new Uint8Array(0)), frame(new Uint8Array(40))];
    for (const type of [FRAME_TYPES.import, FRAME_TYPES.importEncrypted, FRAME_TYPES.deriveChild]) {
      expect(parseKeyPairRequest(type, full).encoded).toHaveLength(40);
      expect(() => parseKeyPairRequest(type, empty)).toThrow(FrameError);
    }
    expect(parseKeyPairRequest(FRAME_TYPES.generate, empty).encoded).toHaveLength(0);
    expect(() => parseKeyPairRequest(FRAME_TYPES.generate, full)).toThrow(FrameError);
  });

  it.each([
    ['an import key request', parseImportKeyRequest, bodyOf(packImportKeyRequest())],
    ['an export request', parseExportRequest, bodyOf(packExportRequest(randomBytes(32), entry))],
    ['the origin of a child', parseChildOrigin, packChildOrigin([1, 2, 3], entry) ?? Buffer.alloc(0)],
    ['a reply', parseTransferReply, bodyOf(packTransferReply(1, { status: 'invalid', reason: 'why' }))],
  ])('refuse %s that was altered as a broken frame, or read it as another', (_what, parse, good) => {
    const read = (bytes: Buffer): void => {
      try {
        parse(bytes);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
      }
    };
    for (let length = 0; length < good.length; length++) read(good.subarray(0, length));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(good.length), (bytes, keep) =>
        read(Buffer.concat([good.subarray(0, keep), bytes])),
      ),
      { numRuns: 500 },
    );
  });
});
