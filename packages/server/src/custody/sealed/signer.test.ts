import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { selectEngines } from '@countersign/algorithms/engine-selection';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import type { KeyRecord } from '@countersign/core/key-record';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, FRAME_TYPES, FrameError, FrameReader } from '../frames.ts';
import { packItemMessage, setRequestId } from '../messages/item-message.ts';
import { packKeyEntry } from '../messages/key-entry.ts';
import { readSignReply } from '../messages/sign-reply.ts';
import { itemOf, recordOf, socketPair, termsOf } from '../sealed-process.fixture.ts';
import { serve } from './serve.ts';
import { signerOperations } from './signer.ts';
import { type SealedTerms, wrapKey } from './wrapping.ts';

const rootKey = copySecret(randomBytes(32));
let engines: Awaited<ReturnType<typeof selectEngines>>;
let lastBatchId = 0;

beforeAll(async () => {
  const algorithm = findAlgorithm('ecdsa-p256');
  engines = await selectEngines(algorithm === undefined ? [] : [algorithm]);
});

/** A key sealed with any terms, as only a generator could. */
function sealedKey(change: Partial<SealedTerms> = {}): KeyRecord {
  const engine = engines.get('ecdsa-p256')?.selected?.engine;
  if (engine === undefined) throw new Error('no engine');
  const { privateKey, publicKey, parameters } = engine.generate({});
  const terms = termsOf('ecdsa-p256');
  const sealed = wrapKey(
    rootKey,
    { ...terms, publicKey, parameters, custody: 'vault', epoch: 0, ...change },
    privateKey,
  );
  freeSecret(privateKey as Buffer);
  return recordOf(terms, { sealed, publicKey: change.publicKey ?? publicKey, parameters });
}

function frameFor(key: KeyRecord, count: number, batchId = ++lastBatchId): Buffer {
  const item = itemOf(key, Buffer.from('message'));
  const frame = packItemMessage(FRAME_TYPES.sign, {
    batchId,
    first: 0,
    end: count,
    keys: [packKeyEntry(key, key.sealed) ?? Buffer.alloc(0)],
    schemes: [JSON.stringify(item.scheme)],
    keyIndexes: new Uint16Array(count),
    schemeIndexes: new Uint16Array(count),
    items: new Array(count).fill(item),
  });
  setRequestId(frame, 1);
  return frame;
}

function statusesFor(key: KeyRecord, root = rootKey): readonly string[] {
  const reply = signerOperations(engines, root).serve.get(FRAME_TYPES.sign)?.(
    frameFor(key, 1).subarray(FRAME_HEADER_BYTES),
  );
  const results: Parameters<typeof readSignReply>[2] = [];
  readSignReply((reply ?? Buffer.alloc(0)).subarray(FRAME_HEADER_BYTES), 1, results, [0]);
  return results.map((result) => result?.status ?? 'none');
}

describe('the signer', () => {
  it('signs with a key that is sealed for it', () => {
    expect(statusesFor(sealedKey())).toEqual(['signed']);
  });

  it('refuses what the sealed terms do not allow, though the key opens', () => {
    expect(statusesFor(sealedKey({ operations: ['verify', 'export'] }))).toEqual(['refused']);
    expect(statusesFor(sealedKey({ custody: 'threshold' }))).toEqual(['refused']);
    expect(statusesFor(sealedKey({ algorithm: 'ecdsa-p384' }))).toEqual(['refused']);
  });

  it('refuses a key that was sealed with a public key that is not its own', () => {
    const other = sealedKey();
    expect(statusesFor(sealedKey({ publicKey: other.publicKey }))).toEqual(['refused']);
  });

  it('refuses under another root key', () => {
    expect(statusesFor(sealedKey(), copySecret(randomBytes(32)))).toEqual(['refused']);
  });

  it('has one operation', () => {
    expect([...signerOperations(engines, rootKey).serve.keys()]).toEqual([FRAME_TYPES.sign]);
  });

  it('answers well-formed frames and cuts the connection on any other, and never throws anything else', async () => {
    const key = sealedKey();
    const valid = frameFor(key, 3);
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, fc.uint8Array({ maxLength: 40 }), fc.nat(3), async (changes, tail, mode) => {
        const frame = Buffer.from(mode === 0 ? Buffer.from(tail) : Buffer.concat([valid, tail]));
        for (const [position, value] of changes) if (frame.length > 0) frame[position % frame.length] = value;
        const outcome = await talk(frame);
        expect(outcome).toSatisfy((end: unknown) => end === 'closed' || end instanceof FrameError);
      }),
      { numRuns: 150 },
    );
  });

  it('cuts off a peer that asks for an operation of another role', async () => {
    for (const type of [FRAME_TYPES.generate, FRAME_TYPES.import, FRAME_TYPES.verify, FRAME_TYPES.hello, 99]) {
      const frame = frameFor(sealedKey(), 1);
      frame.writeUInt32LE(type, 4);
      expect(await talk(frame)).toBeInstanceOf(FrameError);
    }
  });

  it('answers many small frames that come at once, in their order', async () => {
    const key = sealedKey();
    const [near, far] = await socketPair();
    far.resume();
    const served = serve(far, signerOperations(engines, rootKey));
    const replies: number[] = [];
    const reader = new FrameReader((_, body) => replies.push(body.readUInt32LE(0)));
    near.on('data', (chunk: Buffer) => reader.push(chunk));
    const ids = Array.from({ length: 300 }, (_, index) => index + 1);
    for (const id of ids) {
      const frame = frameFor(key, 1);
      setRequestId(frame, id);
      near.write(frame);
    }
    while (replies.length < ids.length) await once(near, 'data');
    expect(replies).toEqual(ids);
    near.end();
    await served;
  });
});

/** Sends bytes and the end of the stream; how the service ended. */
async function talk(bytes: Buffer): Promise<unknown> {
  const [near, far]: readonly [Socket, Socket] = await socketPair();
  near.on('error', () => undefined);
  far.resume();
  const served = serve(far, signerOperations(engines, rootKey));
  near.resume();
  near.end(bytes);
  return served.then(
    () => 'closed',
    (error: unknown) => error,
  );
}
