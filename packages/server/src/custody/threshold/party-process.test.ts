/** With the real process behind the real pool: what happens when it dies. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { PartyRequest } from '../messages/party-message.ts';
import { DEFAULT_POOL_SETTINGS, SealedPool } from '../sealed-pool.ts';
import { type SealedProcess, startSealedProcess } from '../sealed-process.fixture.ts';
import { PartyLink } from './party-link.ts';

const processes: SealedProcess[] = [];
const pools: SealedPool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.drain()));
  await Promise.all(
    processes.splice(0).map(({ child, exited }) => {
      child.kill('SIGKILL');
      return exited;
    }),
  );
});

async function startProcess(pool: SealedPool, incarnation: number, rootKey: Uint8Array): Promise<SealedProcess> {
  const started = await startSealedProcess('party', rootKey);
  processes.push(started);
  pool.attach(0, incarnation, started.socket);
  return started;
}

function startPool(settings = DEFAULT_POOL_SETTINGS): { readonly pool: SealedPool; readonly link: PartyLink } {
  const pool = new SealedPool('party', settings, () => undefined);
  pools.push(pool);
  return { pool, link: new PartyLink(pool) };
}

const slot = {
  keyId: new Uint8Array(16).fill(1),
  accountId: new Uint8Array(16).fill(2),
  algorithm: 'ed25519',
} as const;

async function begin(link: PartyLink, session: number): Promise<PartyRequest> {
  const made = await link.ask({ kind: 'create-identity' });
  if (made?.kind !== 'identity') throw new Error('no identity');
  const identity = Uint8Array.from(made.sealed);
  const keys = [];
  for (const owner of [identity, Uint8Array.from(await otherIdentity(link))]) {
    const key = await link.ask({ kind: 'create-key', identity: owner, slot });
    if (key?.kind !== 'key') throw new Error('no key');
    keys.push({ sealed: Uint8Array.from(key.sealed), keygenId: key.keygenId });
  }
  const [own, other] = keys;
  if (own === undefined || other === undefined) throw new Error('no keys');
  const share = { slot, sealed: own.sealed };
  const operation = { kind: 'generate', share, threshold: 2, othersKeygenIds: [other.keygenId] } as const;
  return { kind: 'open', session, identity, room: 'room', size: 2, operation };
}

async function otherIdentity(link: PartyLink): Promise<Uint8Array> {
  const made = await link.ask({ kind: 'create-identity' });
  if (made?.kind !== 'identity') throw new Error('no identity');
  return made.sealed;
}

describe('a party process', () => {
  it('that is killed loses its operations, and the next one goes on with what is stored', async () => {
    const rootKey = randomBytes(32);
    const { pool, link } = startPool();
    const first = await startProcess(pool, 1, rootKey);
    const open = await begin(link, 1);
    expect((await link.ask(open))?.kind).toBe('session');
    const asked = link.ask(await begin(link, 2));
    first.child.kill('SIGKILL');
    // Whichever came first: it was answered, or it is known to be lost.
    expect([undefined, 'session']).toContain((await asked)?.kind);
    await first.exited;
    const second = startProcess(pool, 2, rootKey);
    expect(await link.ask({ kind: 'kept', session: 1 })).toMatchObject({ kind: 'refused', code: 'unavailable' });
    expect(await link.ask({ kind: 'close', session: 1 })).toEqual({ kind: 'closed' });
    expect((await link.ask(open))?.kind).toBe('session');
    await second;
  });

  it('gives up waiting for a process that does not come', async () => {
    const { link } = startPool({ ...DEFAULT_POOL_SETTINGS, queueTimeoutMs: 200 });
    expect(await link.ask({ kind: 'create-identity' })).toBeUndefined();
  });

  it('cuts off an HTTP process that breaks the format, and nothing of what it sent is in the log', async () => {
    const { pool } = startPool();
    const started = await startProcess(pool, 1, randomBytes(32));
    const link = new PartyLink({
      submit: (work) => {
        const message = work.take(0);
        message.frame.fill('secret-of-the-sender', 12);
        pool.submit({ remainingItems: 1, remainingUs: 1, take: () => message, abandon: () => message.lost() });
      },
    });
    const { reply, code } = await Promise.all([link.ask({ kind: 'create-identity' }), started.exited]).then(
      ([answer, [status]]) => ({ reply: answer, code: status }),
    );
    expect(reply).toBeUndefined();
    expect(code).toBe(2);
    expect(started.errorOutput()).not.toContain('secret-of');
  });
});
