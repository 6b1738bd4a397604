import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aborted,
  bytesOf,
  type Dishonesty,
  finished,
  freeRun,
  runKeygen,
  type Session,
  session,
} from '../../test/chilldkg-parties.ts';
import { nobleSecp256k1Group } from '../../test/noble-secp256k1-group.ts';
import { loadSecp256k1Group } from '../engines/secp256k1/load-group.ts';
import { hostPublicKey } from './host-public-key.ts';
import { startKeygen } from './keygen-protocol.ts';
import type { KeygenResult } from './keygen-result.ts';
import { type ParticipantMessage1, parseParticipantMessage1, serializeParticipantMessage1 } from './messages.ts';
import { participantRecover } from './recovery.ts';
import { signSchnorr } from './schnorr.ts';
import { SecretScope } from './secret-scope.ts';
import { serializeParams } from './session-params.ts';
import { decryptSum, padsFromSenders, padsToReceivers } from './share-encryption.ts';
import { assembleSum } from './simpl-ped-pop.ts';
import { uint32 } from './uint32.ts';
import { commitTo, commitToUnspendableScriptPath, evaluateShare } from './vss.ts';

const { Point } = secp256k1;
const { Fn } = Point;
const noble = nobleSecp256k1Group();
const native = await loadSecp256k1Group();
/** Every third party computes with @noble/curves, the others with the native library. */
const groups = [noble, native, native];

let secretsBefore = 0;
beforeEach(() => {
  secretsBefore = noble.secretsInUse();
});
afterEach(() => {
  expect(noble.secretsInUse()).toBe(secretsBefore);
});

describe('key generation', () => {
  it('gives all parties the same key, of which any t shares are a sharing', () => {
    const sizes = fc.integer({ min: 1, max: 5 }).chain((n) => fc.tuple(fc.integer({ min: 1, max: n }), fc.constant(n)));
    fc.assert(
      fc.property(sizes, fc.string(), ([threshold, count], label) => {
        const run = runKeygen(groups, session(native, threshold, count, label));
        const results = run.outcomes.map(finished);
        const first = finished(results[0]);
        for (const [participant, { secretShare, participant: own, ...rest }] of results.entries()) {
          const { secretShare: _share, participant: _own, ...expected } = first;
          expect(rest).toEqual(expected);
          expect(own).toBe(participant);
          expect(Point.BASE.multiply(Fn.fromBytes(Uint8Array.from(secretShare))).toBytes()).toEqual(
            first.publicShares[participant],
          );
        }
        const last = results.slice(count - threshold);
        const key = Uint8Array.from(first.thresholdPublicKey);
        expect(interpolated(results.slice(0, threshold))).toEqual(key);
        expect(interpolated(last)).toEqual(key);
        if (threshold > 1) expect(interpolated(last.slice(1))).not.toEqual(key);
        freeRun(groups, run);
      }),
      { numRuns: 12 },
    );
  });

  it('commits to a script path that nobody can spend', () => {
    const run = runKeygen(groups, session(native, 2, 3));
    const messages = run.rounds[0]?.map((message) => parseParticipantMessage1(noble, message, 2, 3)) ?? [];
    const key = messages.reduce(
      (sum, { commitment }) => sum.add(Point.fromBytes(noble.encode(commitment[0]))),
      Point.ZERO,
    );
    const tweak = taggedHash('TapTweak', key.toBytes().subarray(1));
    const expected = key.add(Point.BASE.multiply(Fn.fromBytes(Uint8Array.from(tweak))));
    expect(Uint8Array.from(finished(run.outcomes[0]).thresholdPublicKey)).toEqual(expected.toBytes());
    freeRun(groups, run);
  });

  it('gives the same again from the host secret key and the recovery data', () => {
    const participants = session(native, 2, 3);
    const run = runKeygen(groups, participants);
    for (const [party, hostSecret] of participants.hostSecrets.entries()) {
      const result = finished(run.outcomes[party]);
      const { output, params } = participantRecover(native, hostSecret, result.recoveryData);
      expect(Buffer.from(output.secretShare)).toEqual(Buffer.from(result.secretShare));
      expect(output.thresholdPublicKey).toEqual(result.thresholdPublicKey);
      expect(output.publicShares).toEqual(result.publicShares);
      expect(serializeParams(params)).toEqual(serializeParams(participants.params));
      native.freeSecret(output.secretShare);
    }
    freeRun(groups, run);
  });

  it('derives the chain code from what all parties signed', () => {
    const run = runKeygen(groups, session(native, 2, 3));
    const other = runKeygen(groups, session(native, 2, 3, 'other'));
    const { chainCode, recoveryData, certificate } = finished(run.outcomes[1]);
    expect(certificate).toHaveLength(3 * 64);
    expect(Buffer.concat([recoveryData.slice(0, -192), certificate])).toEqual(Buffer.from(recoveryData));
    expect(chainCode).toEqual(taggedHash('countersign/chaincode', recoveryData.subarray(0, -192)));
    expect(chainCode).not.toEqual(finished(other.outcomes[1]).chainCode);
    freeRun(groups, run);
    freeRun(groups, other);
  });

  it('lets a round be used once, and leaves no secret of one that is abandoned', () => {
    const { params, hostSecrets } = session(noble, 1, 1);
    const start = () =>
      startKeygen(noble, {
        params,
        hostSecret: hostSecrets[0] ?? new Uint8Array(),
        random: bytesOf('random'),
        auxiliaryRandom: bytesOf('auxiliary'),
      });
    start().abandon();
    expect(noble.secretsInUse()).toBe(secretsBefore);

    const first = start();
    const second = first.next([first.broadcast]);
    expect(() => first.next([first.broadcast])).toThrow('round used twice');
    if (second.kind !== 'round' || second.keep?.kind !== 'pending') throw new Error('no second round');
    second.abandon();
    noble.freeSecret(second.keep.secret);
  });
});

describe('host keys', () => {
  const base = session(native, 2, 3);
  const input = { random: bytesOf('random'), auxiliaryRandom: bytesOf('auxiliary') };
  const start = (hostPublicKeys: readonly Uint8Array[], hostSecret = base.hostSecrets[0] ?? new Uint8Array()) =>
    startKeygen(noble, { ...input, hostSecret, params: { hostPublicKeys, threshold: 2 } });
  const [first, second, third] = base.params.hostPublicKeys as [Uint8Array, Uint8Array, Uint8Array];

  it('may not be there twice, and no owner of one is named', () => {
    expect(abortOf(() => start([first, second, second]))).toMatchObject({
      culprits: [],
      message: expect.stringMatching(/participants 1 and 2 .* can't be told/),
    });
    expect(abortOf(() => start([first, second, first]))).toMatchObject({ culprits: [] });
  });

  it('must be points: the owner of another is named', () => {
    expect(abortOf(() => start([first, Uint8Array.of(2, ...new Uint8Array(32)), third]))).toMatchObject({
      culprits: [1],
    });
    expect(abortOf(() => start([first, second, third.subarray(1)]))).toMatchObject({ culprits: [2] });
  });

  it('must include the own one', () => {
    expect(() => start([first, second, third], bytesOf('a stranger'))).toThrow(
      expect.objectContaining({ name: 'HostSeckeyError' }),
    );
  });

  it('are refused with a threshold that cannot be', () => {
    for (const threshold of [0, 4, 1.5, Number.NaN]) {
      expect(() =>
        startKeygen(noble, {
          ...input,
          hostSecret: bytesOf('host 0'),
          params: { hostPublicKeys: [first, second, third], threshold },
        }),
      ).toThrow(expect.objectContaining({ name: 'ThresholdOrCountError' }));
    }
  });
});

/** In a session of 4 parties with a threshold of 3; party 2 is dishonest. */
describe('a dishonest party', () => {
  const dishonest = 2;
  const honest = [0, 1, 3];
  const four = session(native, 3, 4);

  /** Changes the first message of the dishonest party. */
  const first = (change: (message: ParticipantMessage1) => ParticipantMessage1): Dishonesty => ({
    party: dishonest,
    round: 1,
    tamper: (broadcast) =>
      serializeParticipantMessage1(noble, change(parseParticipantMessage1(noble, broadcast, 3, 4))),
  });
  const raw = (round: number, tamper: Dishonesty['tamper']): Dishonesty => ({ party: dishonest, round, tamper });
  const onePoint = native.generator;

  const seenByAll: Record<string, Dishonesty> = {
    'a wrong proof of possession': first((message) => ({
      ...message,
      proofOfPossession: message.proofOfPossession.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
    })),
    'a proof of possession that no signature can be': first((message) => ({
      ...message,
      proofOfPossession: new Uint8Array(64).fill(0xff),
    })),
    'a commitment that it has no proof for': first((message) => ({
      ...message,
      commitment: [noble.generator, ...message.commitment.slice(1)],
    })),
    'no contribution to the key': first((message) => ({
      ...message,
      commitment: [noble.identity, ...message.commitment.slice(1)],
    })),
    "a contribution that cancels the others'": raw(1, (broadcast, all) => {
      const parsed = all.map((message) => parseParticipantMessage1(noble, message, 3, 4));
      const others = noble.add(parsed.filter((_, party) => party !== dishonest).map(({ commitment }) => commitment[0]));
      return Buffer.concat([noble.encode(noble.negate(others)), broadcast.subarray(33)]);
    }),
    "another party's first message": raw(1, (_, all) => all[1] ?? new Uint8Array()),
    'a commitment that is no point': raw(1, (broadcast) =>
      Buffer.concat([new Uint8Array(33).fill(5), broadcast.subarray(33)]),
    ),
    'a nonce that is no point': first((message) => ({ ...message, publicNonce: new Uint8Array(33) })),
    'a share that is no scalar': raw(1, (broadcast) =>
      Buffer.concat([broadcast.subarray(0, -32), Buffer.alloc(32, 0xff)]),
    ),
    'a first message that is too short': raw(1, (broadcast) => broadcast.subarray(1)),
    'a first message that is too long': raw(1, (broadcast) => Buffer.concat([broadcast, new Uint8Array(1)])),
    'an empty first message': raw(1, () => new Uint8Array()),
    'a first message for another threshold': raw(1, () => firstMessage(session(native, 2, 4), dishonest)),
    'a bad signature': raw(2, (broadcast) => broadcast.map((byte, index) => (index === 63 ? byte ^ 1 : byte))),
    "another party's signature": raw(2, (_, all) => all[1] ?? new Uint8Array()),
    'the signature of another session': raw(2, () => {
      const other = runKeygen([native], session(native, 3, 4, 'earlier'));
      freeRun([native], other);
      return other.rounds[1]?.[dishonest] ?? new Uint8Array();
    }),
    'no signature at all': raw(2, () => new Uint8Array()),
    'a complaint about nobody': raw(2, () => uint32(4)),
    'a complaint about itself': raw(2, () => uint32(dishonest)),
  };
  for (const [what, move] of Object.entries(seenByAll)) {
    it(`is named by all for ${what}`, () => {
      const run = runKeygen(groups, four, [move]);
      for (const party of honest) expect(aborted(run.outcomes[party]).culprits).toEqual([dishonest]);
      freeRun(groups, run);
    });
  }

  it('is the only one that is ever named, whatever it changes', () => {
    const change = fc.record({
      round: fc.constantFrom(1, 2),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      flip: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(change, ({ round, at, flip }) => {
        const move = raw(round, (broadcast) => {
          const position = Math.floor(at * broadcast.length);
          return broadcast.map((byte, index) => (index === position ? byte ^ flip : byte));
        });
        const run = runKeygen(groups, four, [move]);
        const endings = honest.map((party) => run.outcomes[party]);
        // A change to the share that it sends to itself is no one else's business.
        if (endings.every((ending) => !(ending instanceof Error))) {
          expect(interpolated(endings.map(finished))).toEqual(Uint8Array.from(finished(endings[0]).thresholdPublicKey));
        } else {
          const named = endings.flatMap((ending) => aborted(ending).culprits);
          expect([...new Set(named)]).toEqual([dishonest]);
        }
        freeRun(groups, run);
      }),
      { numRuns: 12 },
    );
  });

  it('is named by all together with another one', () => {
    const moves = [
      first((message) => ({ ...message, proofOfPossession: new Uint8Array(64) })),
      { party: 0, round: 1, tamper: (broadcast: Uint8Array) => broadcast.subarray(0, 10) },
    ];
    const run = runKeygen(groups, four, moves);
    for (const party of [1, 3]) expect(aborted(run.outcomes[party]).culprits).toEqual([0, dishonest]);
    freeRun(groups, run);
  });

  const wrongFor: Record<string, { readonly move: Dishonesty; readonly victims: readonly number[] }> = {
    'a wrong share': {
      move: first((message) => ({
        ...message,
        encryptedShares: message.encryptedShares.map((share, receiver) => (receiver === 1 ? plusOne(share) : share)),
      })),
      victims: [1],
    },
    'two shares swapped': {
      move: first((message) => {
        const [a, b, c, d] = message.encryptedShares as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
        return { ...message, encryptedShares: [b, a, c, d] };
      }),
      victims: [0, 1],
    },
    'a commitment to another polynomial': {
      move: first((message) => ({
        ...message,
        commitment: [message.commitment[0], noble.generator, ...message.commitment.slice(2)],
      })),
      victims: [0, 1, 3],
    },
    'another nonce': {
      move: first((message) => ({ ...message, publicNonce: native.encode(onePoint) })),
      victims: [0, 1, 3],
    },
    'the first message of a session with the keys in another order': {
      move: raw(1, () => {
        const [a, b, c, d] = four.hostSecrets as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
        const hostSecrets = [b, a, c, d];
        const hostPublicKeys = hostSecrets.map((secret) => hostPublicKey(native, secret));
        return firstMessage({ ...four, hostSecrets, params: { hostPublicKeys, threshold: 3 } }, dishonest);
      }),
      victims: [0, 1, 3],
    },
  };
  for (const [what, { move, victims }] of Object.entries(wrongFor)) {
    it(`is named for ${what} by the parties that got it; the others hear of it and name nobody`, () => {
      const run = runKeygen(groups, four, [move]);
      for (const party of honest) {
        const { culprits, message } = aborted(run.outcomes[party]);
        if (victims.includes(party)) {
          expect(culprits).toEqual([dishonest]);
          // It never signed: nothing can come of this session, and there is nothing to keep.
          expect(run.pending[party]).toBeUndefined();
        } else {
          expect(culprits).toEqual([]);
          for (const victim of victims) {
            expect(message).toContain(`party ${victim} says that party ${dishonest} sent it a wrong share`);
          }
          expect(message).toContain("can't be told");
          expect(run.pending[party]).toBeDefined();
        }
      }
      freeRun(groups, run);
    });
  }

  it('cannot have an honest party named by accusing it', () => {
    const run = runKeygen(groups, four, [raw(2, () => uint32(1))]);
    expect(aborted(run.outcomes[1])).toMatchObject({ culprits: [dishonest] });
    for (const party of [0, 3]) {
      expect(aborted(run.outcomes[party])).toMatchObject({
        culprits: [],
        message: expect.stringContaining('party 2 says that party 1 sent it a wrong share'),
      });
    }
    freeRun(groups, run);
  });

  it('is not named for what the others did not get from it', () => {
    const { params, hostSecrets } = four;
    const start = startKeygen(noble, {
      params,
      hostSecret: hostSecrets[0] ?? new Uint8Array(),
      random: bytesOf('random'),
      auxiliaryRandom: bytesOf('auxiliary'),
    });
    const others = hostSecrets.map((_, party) => firstMessage(four, party));
    expect(abortOf(() => start.next(others))).toMatchObject({
      culprits: [],
      message: expect.stringContaining('own broadcast came back changed'),
    });
  });

  it('that gives itself a public share of nothing makes the others stop, and they say that they cannot tell', () => {
    const two = session(native, 2, 2);
    const run = runKeygen(groups, two, [{ party: 1, round: 1, tamper: (_, all) => zeroShare(two, all[0]) }]);
    expect(aborted(run.outcomes[0])).toMatchObject({
      culprits: [],
      message: expect.stringMatching(/public share of participant 1 is the identity; .* can't be told/),
    });
    freeRun(groups, run);
  });

  it('may repeat its own first message of an earlier session: the key is as good', () => {
    const earlier = firstMessage({ ...four, label: 'earlier' }, dishonest);
    const run = runKeygen(groups, four, [raw(1, () => earlier)]);
    const results = honest.map((party) => finished(run.outcomes[party]));
    expect(interpolated(results)).toEqual(Uint8Array.from(results[0]?.thresholdPublicKey ?? []));
    freeRun(groups, run);
  });
});

/** The key of these shares by Lagrange's formula, in @noble/curves. */
function interpolated(results: readonly KeygenResult[]): Uint8Array {
  let secret = 0n;
  for (const { participant: i, secretShare } of results) {
    let factor = Fn.fromBytes(Uint8Array.from(secretShare));
    for (const { participant: j } of results) {
      if (i === j) continue;
      factor = Fn.mul(factor, Fn.div(BigInt(j + 1), Fn.create(BigInt(j - i))));
    }
    secret = Fn.add(secret, factor);
  }
  return Point.BASE.multiply(secret).toBytes();
}

function firstMessage({ params, hostSecrets, label }: Session, party: number): Uint8Array {
  const round = startKeygen(noble, {
    params,
    hostSecret: hostSecrets[party] ?? new Uint8Array(),
    random: bytesOf(`random ${party} ${label}`),
    auxiliaryRandom: bytesOf(`auxiliary ${party} ${label}`),
  });
  round.abandon();
  return round.broadcast;
}

function plusOne(share: Uint8Array): Uint8Array {
  const changed = new Uint8Array(32);
  noble.addScalars(changed, share, noble.scalarOf(1));
  return changed;
}

/**
 * The message of party 1 of 2 that makes its own share zero. It reads what party 0 sent it, and draws a line through a
 * constant of its own and the value that cancels everything at 2.
 */
function zeroShare({ params, hostSecrets }: Session, honestMessage: Uint8Array | undefined): Uint8Array {
  const scope = new SecretScope(noble);
  const honest = parseParticipantMessage1(noble, honestMessage ?? new Uint8Array(), 2, 2);
  const secret = hostSecrets[1] ?? new Uint8Array();
  const publicKey = params.hostPublicKeys[1] ?? new Uint8Array();
  const key = { secret, publicKey, participant: 1, context: serializeParams(params) };
  const secretNonce = bytesOf('nonce');
  const publicNonce = noble.encode(noble.multiplyBase(secretNonce));
  const received = scope.allocate(32);
  const pads = padsFromSenders(noble, scope, key, [honest.publicNonce, publicNonce]);
  decryptSum(noble, received, honest.encryptedShares[1] ?? received, pads.slice(0, 1));

  const constant = bytesOf('constant');
  const sum = assembleSum(noble, [honest.commitment[0], noble.multiplyBase(constant)], [noble.identity]);
  const { tweak } = commitToUnspendableScriptPath(noble, sum);
  // constant + 2 * slope + received + tweak = 0
  const slope = new Uint8Array(32);
  for (const part of [constant, received, tweak]) noble.addScalars(slope, slope, part);
  noble.negateScalar(slope, slope);
  noble.multiplyScalars(slope, slope, noble.invertPublic(noble.scalarOf(2)));

  const polynomial = [constant, slope];
  const sent = padsToReceivers(noble, scope, key, secretNonce, publicNonce, params.hostPublicKeys);
  const encryptedShares = sent.map((pad, receiver) => {
    const share = new Uint8Array(32);
    evaluateShare(noble, share, polynomial, receiver);
    noble.addScalars(share, share, pad);
    return share;
  });
  scope.end();
  return serializeParticipantMessage1(noble, {
    commitment: commitTo(noble, polynomial),
    proofOfPossession: signSchnorr(noble, constant, uint32(1), bytesOf('auxiliary'), 'BIP DKG/pop message'),
    publicNonce,
    encryptedShares,
  });
}

function abortOf(run: () => unknown): { culprits: readonly number[]; message: string } {
  try {
    run();
  } catch (error) {
    return aborted(error instanceof Error ? error : undefined);
  }
  throw new Error('nothing was thrown');
}
