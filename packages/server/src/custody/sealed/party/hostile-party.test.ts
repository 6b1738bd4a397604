/** Another server, with an identity that the key was made for, that says what it likes in its hello. */
import { randomBytes } from 'node:crypto';
import { Exchange } from '@countersign/threshold/exchange/exchange';
import { loadIdentity, parsePublicIdentity } from '@countersign/threshold/exchange/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { PARTY_ALGORITHMS, type PartyOperation, type SessionReply } from '../../messages/party-message.ts';
import { expectReply, meet, startTestParty, type TestParty } from './party-room.fixture.ts';
import { openIdentity } from './sealed-secrets.ts';

let parties: readonly TestParty[];
let session = 700_000;

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty()]);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function identityOf({ rootKey, identity }: TestParty) {
  const opened = openIdentity(rootKey, identity);
  if (opened === undefined) throw new Error('no identity');
  const loaded = loadIdentity(opened.value.seed, opened.value.channel);
  opened.free();
  return loaded;
}

describe.each(PARTY_ALGORITHMS)('a server that says hello in its own way, for a %s key', (algorithm) => {
  it.each<[string, () => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['garbage', () => randomBytes(300)],
    ['a list without an end', () => Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0xff), Buffer.alloc(1000)])],
    ['as much as fits', () => randomBytes(1024 * 1024)],
  ])('is named when it says %s, and only that operation ends', (_what, hello) => {
    const keys = parties.map((party) => party.createKey(algorithm));
    const generating = (me: number): PartyOperation => ({
      kind: 'generate',
      share: { slot: at(keys, me).slot, sealed: at(keys, me).sealed },
      threshold: 2,
      othersKeygenIds: [at(keys, 1 - me).keygenId],
    });
    const ends = meet(
      'room',
      parties.map((party, me) => ({ party, operation: generating(me) })),
    );
    const { progress } = at(ends, 0);
    if (progress.kind !== 'done' || progress.outcome.kind !== 'share') throw new Error(JSON.stringify(progress));
    const { facts, sealed } = progress.outcome;

    const honest = at(parties, 0);
    const liar = identityOf(at(parties, 1));
    const candidates = [...facts.parties]
      .sort((a, b) => Buffer.compare(a.identity, b.identity))
      .map(({ identity, channelKey }) => {
        const parsed = parsePublicIdentity(identity, channelKey);
        if (parsed === undefined) throw new Error('no identity');
        return { identity: parsed, name: 'somebody' };
      });
    const exchange = new Exchange<never>({
      roomId: 'room',
      roomSize: 2,
      operation: `sign/${algorithm}`,
      me: liar,
      candidates,
      hello: hello(),
      random: (length) => randomBytes(length),
      checkHellos: () => {
        throw new Error('it only says hello');
      },
    });
    session += 1;
    const ask = (request: Parameters<TestParty['ask']>[0]): SessionReply => expectReply(honest.ask(request), 'session');
    const element = { room: 'room', share: 0, path: [], merkleRoot: undefined, message: Buffer.from('a message') };
    const share = { slot: at(keys, 0).slot, sealed };
    ask({
      kind: 'open',
      session,
      identity: honest.identity,
      room: 'room',
      size: 2,
      operation: { kind: 'sign', algorithm, shares: [share], elements: [element] },
    });
    const frames = exchange.start().send.map((frame) => ({ slot: 1, frame }));
    const reply = ask({ kind: 'deliver', session, frames });
    const name = Buffer.from(liar.public.identityKey.subarray(0, 4)).toString('hex');
    expect(reply).toMatchObject({
      keep: undefined,
      progress: { kind: 'aborted', reason: expect.stringMatching(new RegExp(`^party \\d \\(${name}\\) says what`)) },
    });
    ask({ kind: 'close', session });
  });
});
