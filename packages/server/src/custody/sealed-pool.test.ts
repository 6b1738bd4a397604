import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FRAME_TYPES, FrameReader } from './frames.ts';
import { KeylessVerifier } from './keyless-verifier.ts';
import { packHello } from './messages/hello.ts';
import { packVerifyReply } from './messages/verify-reply.ts';
import { SealedPools } from './sealed-pools.ts';
import {
  itemOf,
  newKey,
  permitsFor,
  recordOf,
  type SealedProcess,
  socketPair,
  startSealedProcess,
  termsOf,
} from './sealed-process.fixture.ts';
import { VaultCustody } from './vault-custody.ts';

/** A small verifier of our own, that answers when the test says so: every signature is good. */
interface Peer {
  readonly socket: Socket;
  /** Batches' item counts, in the order of arrival. */
  readonly received: number[];
  readonly answer: () => void;
}

async function peer(answersAtOnce: boolean, hello = true): Promise<Peer> {
  const [near, far] = await socketPair();
  far.resume();
  far.on('error', () => undefined);
  const received: number[] = [];
  const waiting: Buffer[] = [];
  const answer = (): void => {
    for (const reply of waiting.splice(0)) far.write(reply);
  };
  const reader = new FrameReader((_, body) => {
    const count = body.readUInt32LE(16);
    received.push(count);
    waiting.push(packVerifyReply(body.readUInt32LE(0), count * 100, new Uint8Array(count).fill(1)));
    if (answersAtOnce) answer();
  });
  far.on('data', (chunk: Buffer) => reader.push(chunk));
  if (hello) far.write(packHello({ role: 'verifier', pid: 1, isolation: undefined, engines: [] }));
  return { socket: near, received, answer };
}

const key = recordOf(termsOf('ecdsa-p256'), {
  sealed: new Uint8Array(1),
  publicKey: new Uint8Array(65),
  parameters: {},
});

function jobs(count: number): Parameters<KeylessVerifier['verify']>[0] {
  return Array.from({ length: count }, () => ({
    key,
    scheme: { a: 1 },
    bytes: new Uint8Array(32),
    signature: new Uint8Array(70),
  }));
}

function count<T>(results: readonly T[], wanted: T): number {
  return results.filter((result) => result === wanted).length;
}

const started: SealedProcess[] = [];
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.socket.destroy();
    await process.exited;
  }
});

describe('a pool', () => {
  it('lets a single item pass a batch of ten thousand', async () => {
    const pools = new SealedPools();
    const { socket } = await peer(true);
    pools.attach('verifier', 0, 1, socket);
    const verifier = new KeylessVerifier(pools);
    const order: string[] = [];
    const big = verifier.verify(jobs(10_000)).then(() => order.push('big'));
    await new Promise((resolve) => setImmediate(resolve));
    const small = verifier.verify(jobs(1)).then(() => order.push('small'));
    await Promise.all([big, small]);
    expect(order).toEqual(['small', 'big']);
    await pools.drain();
  });

  it('gives up at once what is too much to queue, and after its time what nobody takes', async () => {
    const pools = new SealedPools({ settings: { maxQueuedItems: 100, queueTimeoutMs: 200 } });
    const verifier = new KeylessVerifier(pools);
    const startMs = performance.now();
    expect(count(await verifier.verify(jobs(101)), undefined)).toBe(101);
    expect(performance.now() - startMs).toBeLessThan(150);
    expect(count(await verifier.verify(jobs(100)), undefined)).toBe(100);
    expect(performance.now() - startMs).toBeGreaterThan(190);
    expect(pools.verifier.queuedItems).toBe(0);
  });

  it('keeps queued work for a replacement', async () => {
    const pools = new SealedPools();
    const result = new KeylessVerifier(pools).verify(jobs(600));
    const { socket } = await peer(true);
    pools.attach('verifier', 0, 1, socket);
    expect(count(await result, true)).toBe(600);
    await pools.drain();
  });

  it('loses only what was in flight with a process, and goes on with the next', async () => {
    const pools = new SealedPools();
    const first = await peer(false);
    pools.attach('verifier', 0, 1, first.socket);
    const result = new KeylessVerifier(pools).verify(jobs(1000));
    while (first.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const inFlight = first.received.reduce((sum, items) => sum + items, 0);
    first.socket.destroy();
    const second = await peer(true);
    pools.attach('verifier', 0, 2, second.socket);
    const results = await result;
    expect(count(results, undefined)).toBe(inFlight);
    expect(count(results, true)).toBe(1000 - inFlight);
    // Never sent again.
    expect(second.received.reduce((sum, items) => sum + items, 0)).toBe(1000 - inFlight);
    await pools.drain();
  });

  it('closes the channel of a process that does not answer, or never says hello', async () => {
    const reasons: string[] = [];
    const pools = new SealedPools({
      settings: { messageTimeoutMs: 150, helloTimeoutMs: 150, queueTimeoutMs: 400 },
      onEvent: (event) => event.event === 'lost' && reasons.push(event.reason),
    });
    pools.attach('verifier', 0, 1, (await peer(false)).socket);
    pools.attach('verifier', 1, 1, (await peer(false, false)).socket);
    const results = await new KeylessVerifier(pools).verify(jobs(5));
    expect(count(results, undefined)).toBe(5);
    expect(reasons.sort()).toEqual(['no answer in time', 'no hello in time']);
    expect(pools.verifier.health()).toBe(false);
  });

  it('asks for a process when work comes and none is there, and does the work once it is', async () => {
    const wanted: string[] = [];
    const pools = new SealedPools({ onEvent: (event) => event.event === 'wanted' && wanted.push(event.role) });
    const verified = new KeylessVerifier(pools).verify(jobs(3));
    expect(wanted).toEqual(['verifier']);
    const { socket } = await peer(true);
    pools.attach('verifier', 0, 1, socket);
    expect(await verified).toHaveLength(3);
    await new KeylessVerifier(pools).verify(jobs(1));
    expect(wanted).toEqual(['verifier']);
  });

  it('closes the channel of a process that answers nonsense, and believes none of it', async () => {
    const answers: readonly ((requestId: number, items: number) => Buffer)[] = [
      (requestId, items) => packVerifyReply(requestId, 1, new Uint8Array(items - 1).fill(1)),
      (requestId, items) => packVerifyReply(requestId, 1, new Uint8Array(items).fill(1).fill(9, items - 1)),
      (requestId, items) => packVerifyReply(requestId + 7, 1, new Uint8Array(items).fill(1)),
      () => packHello({ role: 'verifier', pid: 1, isolation: undefined, engines: [] }),
      () => Buffer.alloc(20, 0xff),
    ];
    for (const answer of answers) {
      const pools = new SealedPools({ settings: { queueTimeoutMs: 100 } });
      const [near, far] = await socketPair();
      far.resume();
      far.write(packHello({ role: 'verifier', pid: 1, isolation: undefined, engines: [] }));
      const sizes: number[] = [];
      const reader = new FrameReader((_, body) => {
        sizes.push(body.readUInt32LE(16));
        far.write(answer(body.readUInt32LE(0), body.readUInt32LE(16)));
      });
      far.on('data', (chunk: Buffer) => reader.push(chunk));
      pools.attach('verifier', 0, 1, near);
      expect(count(await new KeylessVerifier(pools).verify(jobs(20)), undefined)).toBe(20);
      expect(pools.verifier.health()).toBe(false);
      // With one item an answer that is short by one would be an empty one.
      expect(sizes[0]).toBeGreaterThan(1);
      far.destroy();
    }
  });

  it('finishes on drain what it has, then refuses', async () => {
    const pools = new SealedPools();
    const { socket } = await peer(true);
    pools.attach('verifier', 0, 1, socket);
    const verifier = new KeylessVerifier(pools);
    const result = verifier.verify(jobs(3000));
    const drained = pools.drain();
    const late = verifier.verify(jobs(1));
    expect(count(await result, true)).toBe(3000);
    await drained;
    expect(await late).toEqual([undefined]);
    expect(socket.destroyed).toBe(true);
  });

  it('prefers the younger incarnation of a process', async () => {
    const pools = new SealedPools();
    const [older, younger, stale] = [await peer(true), await peer(true), await peer(true)];
    pools.attach('verifier', 0, 1, older.socket);
    pools.attach('verifier', 0, 3, younger.socket);
    pools.attach('verifier', 0, 2, stale.socket);
    expect([older, younger, stale].map(({ socket }) => socket.destroyed)).toEqual([true, false, true]);
    await pools.drain();
  });
});

describe('real sealed processes', () => {
  const rootKey = randomBytes(32);

  async function start(
    pools: SealedPools,
    role: 'signer' | 'generator',
    incarnation: number,
    root = rootKey,
  ): Promise<SealedProcess> {
    const process = await startSealedProcess(role, root);
    started.push(process);
    pools.attach(role, 0, incarnation, process.socket);
    return process;
  }

  it('survive the death of a signer in the middle of a batch: its items are unavailable, the rest is signed', async () => {
    const pools = new SealedPools({ settings: { queueTimeoutMs: 90_000 } });
    const custody = new VaultCustody(pools);
    await start(pools, 'generator', 1);
    const signer = await start(pools, 'signer', 1);
    const slow = await newKey(custody, 'ecdsa-p521');
    await custody.sign(permitsFor([itemOf(slow, Buffer.from('warm'))]));
    const batch = custody.sign(
      permitsFor(Array.from({ length: 400 }, (_, index) => itemOf(slow, Buffer.from(`${index}`)))),
    );
    while (pools.signer.queuedItems > 300) await new Promise((resolve) => setTimeout(resolve, 2));
    signer.child.kill('SIGKILL');
    await signer.exited;
    await start(pools, 'signer', 2);
    const statuses = (await batch).map((result) => result.status);
    const unavailable = count(statuses, 'unavailable');
    expect(unavailable).toBeGreaterThan(0);
    expect(unavailable).toBeLessThan(50);
    expect(count(statuses, 'signed')).toBe(400 - unavailable);
    const [after] = await custody.sign(permitsFor([itemOf(slow, Buffer.from('after'))]));
    expect(after?.status).toBe('signed');
  }, 120_000);

  it('refuse keys of another root key, and stay', async () => {
    const pools = new SealedPools({ settings: { queueTimeoutMs: 50_000 } });
    const custody = new VaultCustody(pools);
    await start(pools, 'generator', 1);
    await start(pools, 'signer', 1, randomBytes(32));
    const key = await newKey(custody, 'ecdsa-p256');
    for (let turn = 0; turn < 2; turn++) {
      expect(await custody.sign(permitsFor([itemOf(key, Buffer.from('m'))]))).toEqual([{ status: 'refused' }]);
    }
  }, 60_000);

  it('end with a status of their own when the peer breaks the format, and say nothing of what they hold', async () => {
    const signer = await startSealedProcess('signer', rootKey);
    signer.socket.on('error', () => undefined).resume();
    await once(signer.socket, 'data');
    const nonsense = Buffer.alloc(200, 0x41);
    nonsense.writeUInt32LE(100, 0);
    nonsense.writeUInt32LE(FRAME_TYPES.sign, 4);
    signer.socket.write(nonsense);
    expect(await signer.exited).toEqual([2, null]);
    const output = signer.errorOutput();
    expect(output).toContain('"error":"FrameError"');
    expect(output).not.toContain(rootKey.toString('hex'));
    expect(output).not.toContain('AAAA');
  }, 60_000);

  it('ignore the signals of a stopping server, and end with their channel', async () => {
    const signer = await startSealedProcess('signer', rootKey);
    signer.socket.on('error', () => undefined).resume();
    await once(signer.socket, 'data');
    spawnSync('kill', ['-TERM', `${signer.child.pid}`]);
    spawnSync('kill', ['-INT', `${signer.child.pid}`]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(signer.child.exitCode).toBeNull();
    signer.socket.destroy();
    expect(await signer.exited).toEqual([0, null]);
  }, 60_000);

  it.each([
    ['too short', 31],
    ['too long', 33],
  ])(
    'do not start with a root key that is %s',
    async (_, bytes) => {
      const signer = await startSealedProcess('signer', randomBytes(bytes));
      signer.socket.on('error', () => undefined).resume();
      expect(await signer.exited).toEqual([1, null]);
      signer.socket.destroy();
    },
    60_000,
  );
});
