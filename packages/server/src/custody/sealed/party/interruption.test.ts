/**
 * One party is killed, cut off, or loses frames, at every point of every operation. Nobody hangs; and when all are back
 * and repeat the operation from what they stored, all of them have one key, and every quorum of them signs.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { parseKeygenId } from '@countersign/threshold/exchange/keygen-id';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  PARTY_ALGORITHMS,
  type PartyOperation,
  type SealSlot,
  type StoredSecret,
} from '../../messages/party-message.ts';
import { meet, type RoomScript, type SeatEnd, startTestParty, type TestParty } from './party-room.fixture.ts';

const IS_SOAK = process.env['COUNTERSIGN_SOAK'] === '1';
const PROPERTY_RUNS = IS_SOAK ? 30 : 4;
const TIMEOUT_MS = 300_000;
const NOTHING = new Uint8Array(0);

type Algorithm = SealSlot['algorithm'];

/** One party's row for the new share, as its server would store it. */
interface Place {
  readonly party: TestParty;
  /** Undefined for who only deals. */
  readonly slot: SealSlot | undefined;
  sealed: Uint8Array;
  publicKey: Uint8Array | undefined;
}

interface Scenario {
  readonly algorithm: Algorithm;
  readonly threshold: number;
  readonly places: readonly Place[];
  /** That the key must have in the end, where it is older than the operation. */
  readonly publicKey: Uint8Array | undefined;
  /** From what is stored at the time. */
  readonly operationOf: (seat: number) => PartyOperation;
}

/** How the frames of one party get lost, from one of its deliveries on. */
type Fault = 'gone' | 'mute' | 'deaf';
const FAULTS: readonly Fault[] = ['gone', 'mute', 'deaf'];
const CUTS = IS_SOAK ? 'any frame' : 'every third frame (from any with COUNTERSIGN_SOAK=1)';

interface Interruption {
  readonly fault: Fault;
  readonly victim: number;
  /** Deliveries of the victim's (for `deaf`: to the victim) that still arrive. */
  readonly deliveries: number;
}

let parties: readonly TestParty[];
let rooms = 0;
let rows = 0;
const usedNonces = new Set<string>();

beforeAll(async () => {
  parties = await Promise.all([startTestParty(), startTestParty(), startTestParty(), startTestParty()]);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What error texts call a party by. */
function nameOf(party: TestParty): string {
  return hex(parseKeygenId(party.persistentKeygenId).identity.identityKey.subarray(0, 4));
}

function newRow(algorithm: Algorithm): SealSlot {
  const keyId = Buffer.alloc(16, 0xaa);
  keyId.writeUInt32BE(++rows);
  return { keyId, accountId: new Uint8Array(16).fill(255), algorithm };
}

function storedOf({ slot, sealed }: Place): StoredSecret {
  if (slot === undefined) throw new Error('a party without a share');
  return { slot, sealed };
}

/** Fresh keys of some parties. */
function createdPlaces(algorithm: Algorithm, members: readonly TestParty[]) {
  const keys = members.map((party) => party.createKey(algorithm));
  const places = keys.map(
    ({ slot, sealed }, index): Place => ({ party: at(members, index), slot, sealed, publicKey: undefined }),
  );
  return { places, keygenIds: keys.map(({ keygenId }) => keygenId) };
}

function generation(algorithm: Algorithm): Scenario & { readonly keygenIds: readonly string[] } {
  const { places, keygenIds } = createdPlaces(algorithm, parties.slice(0, 3));
  return {
    algorithm,
    threshold: 2,
    places,
    keygenIds,
    publicKey: undefined,
    operationOf: (seat) => ({
      kind: 'generate',
      share: storedOf(at(places, seat)),
      threshold: 2,
      othersKeygenIds: keygenIds.filter((_, other) => other !== seat),
    }),
  };
}

function inCluster(algorithm: Algorithm): Scenario {
  const scenario = generation(algorithm);
  const ids = parties.slice(0, 3).map(({ persistentKeygenId }) => persistentKeygenId);
  return {
    ...scenario,
    operationOf: (seat) => ({
      kind: 'generate',
      share: storedOf(at(scenario.places, seat)),
      threshold: 2,
      othersKeygenIds: ids.filter((_, other) => other !== seat),
    }),
  };
}

/** Old shares of a fresh key; a party's is erased as soon as its server holds the new one. */
function olderKey(algorithm: Algorithm) {
  const old = generation(algorithm);
  attempt(old, {});
  const publicKey = at(old.places, 0).publicKey ?? NOTHING;
  const places = old.places.map(
    ({ party }): Place => ({ party, slot: newRow(algorithm), sealed: NOTHING, publicKey: undefined }),
  );
  const shareOf = (seat: number): StoredSecret => {
    const share = storedOf(at(old.places, seat));
    return at(places, seat).publicKey === undefined ? share : { ...share, sealed: NOTHING };
  };
  return { old, publicKey, places, shareOf };
}

function refreshing(algorithm: Algorithm): Scenario & { readonly old: Scenario } {
  const { old, publicKey, places, shareOf } = olderKey(algorithm);
  return {
    algorithm,
    threshold: 2,
    places,
    publicKey,
    old,
    operationOf: (seat) => ({ kind: 'refresh', share: shareOf(seat), into: storedOf(at(places, seat)) }),
  };
}

/** 2 of 3 becomes 3 of 4; the last seat joins. */
function resharing(algorithm: Algorithm): Scenario {
  const { old, publicKey, places: kept, shareOf } = olderKey(algorithm);
  const joining = createdPlaces(algorithm, [at(parties, 3)]);
  const places = [...kept, ...joining.places];
  const ids = [...old.keygenIds, ...joining.keygenIds];
  return {
    algorithm,
    threshold: 3,
    places,
    publicKey,
    operationOf: (seat) => ({
      kind: 'reshare',
      share: seat < 3 ? shareOf(seat) : undefined,
      into: storedOf(at(places, seat)),
      keygenIds: ids.filter((_, other) => other !== seat),
      oldThreshold: seat < 3 ? 0 : 2,
      newThreshold: 3,
    }),
  };
}

/** The last seat deals; `keeps`: and receives. */
function importing(algorithm: Algorithm, keeps: boolean): Scenario {
  const { places: receiving, keygenIds } = createdPlaces(algorithm, parties.slice(0, keeps ? 3 : 2));
  const dealer = at(parties, keeps ? 2 : 3);
  const places = keeps
    ? receiving
    : [...receiving, { party: dealer, slot: undefined, sealed: NOTHING, publicKey: undefined }];
  const dealing = places.length - 1;
  const ids = keeps ? keygenIds : [...keygenIds, dealer.persistentKeygenId];
  const privateKey = randomBytes(32);
  return {
    algorithm,
    threshold: 2,
    places,
    publicKey: algorithm === 'bip340' ? schnorr.getPublicKey(privateKey) : ed25519.getPublicKey(privateKey),
    operationOf: (seat) => {
      const others = ids.filter((_, other) => other !== seat);
      if (seat !== dealing)
        return { kind: 'import-receive', share: storedOf(at(places, seat)), othersKeygenIds: others, threshold: 2 };
      return {
        kind: 'import-deal',
        algorithm,
        privateKey: Uint8Array.from(privateKey),
        keygenIds: others,
        threshold: 2,
        into: keeps ? storedOf(at(places, seat)) : undefined,
      };
    },
  };
}

type Making = (algorithm: Algorithm) => Scenario;
const OPERATIONS: readonly (readonly [string, Making, readonly number[]])[] = [
  ['key generation', generation, [1]],
  ['key generation in a cluster', inCluster, [1]],
  ['refresh', refreshing, [1]],
  ['reshare', resharing, [1, 3]],
  ['import by a dealer with a share', (algorithm) => importing(algorithm, true), [0, 2]],
  ['import by a dealer without one', (algorithm) => importing(algorithm, false), [0, 2]],
];

/** Runs the operation, and stores what the servers would have stored. `lost`: who was killed before its outcome was. */
function attempt(scenario: Scenario, script: RoomScript, lost?: number): readonly SeatEnd[] {
  const { places } = scenario;
  const seats = places.map(({ party }, seat) => ({ party, operation: scenario.operationOf(seat) }));
  const ends = meet(`room-${++rooms}`, seats, script);
  ends.forEach(({ kept, progress }, seat) => {
    const place = at(places, seat);
    for (const keep of kept) {
      if (keep.kind !== 'sealed') throw new Error('nonces outside of signing');
      // A server has no place for it: what it has is final.
      expect(place.publicKey).toBeUndefined();
      place.sealed = Uint8Array.from(keep.sealed);
    }
    if (place.publicKey !== undefined || progress.kind !== 'done' || seat === lost) return;
    if (progress.outcome.kind !== 'share') {
      expect(place.slot).toBeUndefined();
      return;
    }
    place.sealed = Uint8Array.from(progress.outcome.sealed);
    place.publicKey = Uint8Array.from(progress.outcome.publicKey);
  });
  return ends;
}

function scriptOf({ fault, victim, deliveries }: Interruption): RoomScript {
  let counted = 0;
  return {
    onFrame: (from, to, frame) => {
      const isOver = counted >= deliveries;
      if (from === victim) {
        if (fault !== 'deaf') counted += 1;
        return isOver && fault !== 'deaf' ? undefined : frame;
      }
      if (to !== victim) return frame;
      if (fault === 'deaf') counted += 1;
      return isOver && fault !== 'mute' ? undefined : frame;
    },
  };
}

/** How many of its frames arrive somewhere (`deaf`: at it) when nothing goes wrong. */
function deliveriesOf(make: Making, algorithm: Algorithm, victim: number, fault: Fault): number {
  let counted = 0;
  attempt(make(algorithm), {
    onFrame: (from, to, frame) => {
      if ((fault === 'deaf' ? to : from) === victim) counted += 1;
      return frame;
    },
  });
  return counted;
}

/**
 * After how many deliveries to cut, of 0 to `all`: every number in a soak. Otherwise every third, another third for each
 * fault, so that the three of them together cut an operation at every point; and another for the other algorithm, so
 * that most points are cut in two ways.
 */
function cutsOf(all: number, algorithm: Algorithm, fault: Fault): readonly number[] {
  const turn = FAULTS.indexOf(fault) + PARTY_ALGORITHMS.indexOf(algorithm);
  const every = Array.from({ length: all + 1 }, (_, deliveries) => deliveries);
  return IS_SOAK ? every : every.filter((deliveries) => (deliveries + turn) % FAULTS.length === 0);
}

/** Locked memory goes back in a turn of the event loop, and there is no end of it in one that never comes. */
function memoryReturned(): Promise<unknown> {
  return setImmediate();
}

function expectEnded(scenario: Scenario, ends: readonly SeatEnd[], victim: number): void {
  const silent = nameOf(at(scenario.places, victim).party);
  ends.forEach(({ progress }, seat) => {
    if (seat === victim) return;
    expect(progress.kind).not.toBe('waiting');
    if (progress.kind === 'aborted') expect(progress.reason).toContain(silent);
  });
}

function quorums(of: number, size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return Array.from({ length: of }, (_, last) => quorums(last, size - 1).map((rest) => [...rest, last])).flat();
}

function signatureOf({ algorithm }: Scenario, signers: readonly Place[]): string {
  const message = Buffer.from(`message ${rooms}`);
  const room = `room-${++rooms}`;
  const ends = meet(
    room,
    signers.map((place) => ({
      party: place.party,
      operation: {
        kind: 'sign',
        algorithm,
        shares: [storedOf(place)],
        elements: [{ room, share: 0, path: [], merkleRoot: undefined, message }],
      },
    })),
  );
  const results = ends.map(({ progress }, seat) => {
    if (progress.kind !== 'done' || progress.outcome.kind !== 'signatures') return JSON.stringify(progress);
    const [element] = progress.outcome.elements;
    if (element?.kind !== 'signed') return element?.reason ?? 'nothing';
    const publicKey = at(signers, seat).publicKey ?? NOTHING;
    const verify = algorithm === 'bip340' ? schnorr.verify : ed25519.verify;
    return verify(element.signature, message, publicKey) ? 'signed' : 'a bad signature';
  });
  return [...new Set(results)].join(' | ');
}

/** All are back: whatever happened before, one clean repetition gives everybody the same key. */
function expectRecovery(scenario: Scenario): void {
  const { places, threshold, publicKey } = scenario;
  const early = places.find((place) => place.publicKey !== undefined)?.publicKey;
  const ends = attempt(scenario, {});
  const endings = ends.map(({ progress }) => (progress.kind === 'aborted' ? progress.reason : progress.kind));
  expect(new Set(endings)).toEqual(new Set(['done']));
  const holders = places.filter(({ slot }) => slot !== undefined);
  const keys = new Set(holders.map((place) => hex(place.publicKey ?? NOTHING)));
  expect(keys.size).toBe(1);
  for (const expected of [early, publicKey]) if (expected !== undefined) expect([...keys]).toEqual([hex(expected)]);
  const all = quorums(holders.length, threshold);
  // Two that have everybody in between them.
  for (const quorum of [at(all, 0), at(all, all.length - 1)])
    expect(
      signatureOf(
        scenario,
        quorum.map((seat) => at(holders, seat)),
      ),
    ).toBe('signed');
}

describe.each(PARTY_ALGORITHMS)('%s', (algorithm) => {
  describe.each(OPERATIONS)('%s', (_, make, victims) => {
    it.each(victims.flatMap((victim) => FAULTS.map((fault) => [victim, fault] as const)))(
      `recovers when party %i is %s from ${CUTS} on`,
      async (victim, fault) => {
        const all = deliveriesOf(make, algorithm, victim, fault);
        expect(all).toBeGreaterThan(6);
        const endings = new Set<string>();
        for (const deliveries of cutsOf(all, algorithm, fault)) {
          await memoryReturned();
          const scenario = make(algorithm);
          const ends = attempt(scenario, scriptOf({ fault, victim, deliveries }));
          expectEnded(scenario, ends, victim);
          endings.add(scenario.places.map((place) => (place.publicKey === undefined ? '-' : '+')).join(''));
          expectRecovery(scenario);
        }
        // From nobody to everybody: otherwise the cuts missed the operation.
        expect(endings.size).toBeGreaterThan(1);
      },
      TIMEOUT_MS,
    );

    it.each(victims)(
      'recovers when party %i is killed before or after anything is stored',
      async (victim) => {
        let keeps = 0;
        attempt(make(algorithm), {
          afterKeep: (seat) => {
            if (seat === victim) keeps += 1;
            return true;
          },
        });
        for (let index = 0; index <= keeps; index++) {
          for (const script of [
            { onKeep: (seat, _keep, kept) => seat !== victim || kept !== index },
            { afterKeep: (seat, kept) => seat !== victim || kept !== index },
          ] satisfies RoomScript[]) {
            await memoryReturned();
            const scenario = make(algorithm);
            // The last time around nothing is cut but the storing of the outcome.
            const ends = attempt(scenario, script, index === keeps ? victim : undefined);
            expectEnded(scenario, ends, victim);
            expectRecovery(scenario);
          }
        }
      },
      TIMEOUT_MS,
    );

    it(
      'recovers from any interruptions of it and of its repetitions',
      async () => {
        const seats = make(algorithm).places.length;
        const interruption = fc.record({
          fault: fc.constantFrom(...FAULTS),
          victim: fc.nat(seats - 1),
          deliveries: fc.nat(24),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(interruption, { minLength: 1, maxLength: 4 }), async (interruptions) => {
            await memoryReturned();
            const scenario = make(algorithm);
            for (const each of interruptions) attempt(scenario, scriptOf(each));
            expectRecovery(scenario);
          }),
          { numRuns: PROPERTY_RUNS },
        );
      },
      TIMEOUT_MS,
    );
  });

  it(
    `leaves a quorum that signs, old or new, when a refresh of 2 of 3 breaks off from ${CUTS} on`,
    async () => {
      for (const fault of FAULTS) {
        const all = deliveriesOf(refreshing, algorithm, 1, fault);
        for (const deliveries of cutsOf(all, algorithm, fault)) {
          await memoryReturned();
          const scenario = refreshing(algorithm);
          attempt(scenario, scriptOf({ fault, victim: 1, deliveries }));
          const fresh = scenario.places.filter((place) => place.publicKey !== undefined);
          const old = scenario.old.places.filter((_, seat) => at(scenario.places, seat).publicKey === undefined);
          expect(
            [fresh, old].some((signers) => signers.length >= 2 && signatureOf(scenario, signers) === 'signed'),
          ).toBe(true);
        }
      }
    },
    TIMEOUT_MS,
  );

  describe('signing', () => {
    it.each([...FAULTS, 'killed before it stored its nonces', 'killed after it stored its nonces'] as const)(
      'ends for the others when one is %s, and uses no nonce again',
      async (how) => {
        const scenario = generation(algorithm);
        attempt(scenario, {});
        const victim = 1;
        const silent = nameOf(at(scenario.places, victim).party);
        const endings = new Set<string>();
        // More than a signature has frames; the room is always the same, as a relay that lies could have it.
        for (let deliveries = 0; deliveries < 14; deliveries++) {
          await memoryReturned();
          const script: RoomScript =
            how === 'gone' || how === 'mute' || how === 'deaf'
              ? scriptOf({ fault: how, victim, deliveries })
              : how === 'killed before it stored its nonces'
                ? { onKeep: (seat) => seat !== victim }
                : { afterKeep: (seat) => seat !== victim };
          const ends = meet(
            'one-room',
            scenario.places.map((place) => ({
              party: place.party,
              operation: {
                kind: 'sign',
                algorithm,
                shares: [storedOf(place)],
                elements: [{ room: 'one-room', share: 0, path: [], merkleRoot: undefined, message: Buffer.from('m') }],
              },
            })),
            script,
          );
          ends.forEach(({ progress, kept }, seat) => {
            for (const keep of kept) {
              if (keep.kind !== 'nonces') throw new Error('signing keeps nothing but nonces');
              for (const nonce of keep.hashes) {
                expect(usedNonces.has(hex(nonce))).toBe(false);
                usedNonces.add(hex(nonce));
              }
            }
            if (seat === victim) return;
            endings.add(progress.kind);
            expect(progress.kind).not.toBe('waiting');
            if (progress.kind === 'aborted') expect(progress.reason).toContain(silent);
            if (progress.kind !== 'done' || progress.outcome.kind !== 'signatures') return;
            const [element] = progress.outcome.elements;
            const publicKey = at(scenario.places, 0).publicKey ?? NOTHING;
            const verify = algorithm === 'bip340' ? schnorr.verify : ed25519.verify;
            expect(element?.kind === 'signed' && verify(element.signature, Buffer.from('m'), publicKey)).toBe(true);
          });
        }
        expect(endings.has('aborted')).toBe(true);
        for (const quorum of quorums(3, 2))
          expect(
            signatureOf(
              scenario,
              quorum.map((seat) => at(scenario.places, seat)),
            ),
          ).toBe('signed');
      },
      TIMEOUT_MS,
    );

    it('goes on only once after its nonces are stored', () => {
      const scenario = generation(algorithm);
      attempt(scenario, {});
      const [first, second] = [at(scenario.places, 0), at(scenario.places, 1)];
      const [session, other] = [900_001, 900_002];
      const open = (place: Place, number: number) =>
        place.party.ask({
          kind: 'open',
          session: number,
          identity: place.party.identity,
          room: 'nonce-room',
          size: 2,
          operation: {
            kind: 'sign',
            algorithm,
            shares: [storedOf(place)],
            elements: [{ room: 'nonce-room', share: 0, path: [], merkleRoot: undefined, message: Buffer.from('m') }],
          },
        });
      const hello = open(first, session);
      const otherHello = open(second, other);
      if (hello.kind !== 'session' || otherHello.kind !== 'session') throw new Error('not opened');
      const frame = Uint8Array.from(at(otherHello.send, 0));
      const asked = first.party.ask({ kind: 'deliver', session, frames: [{ slot: 1, frame }] });
      if (asked.kind !== 'session') throw new Error('not taken');
      // Nothing leaves before it is stored; afterwards it leaves once.
      expect(asked.keep?.kind).toBe('nonces');
      expect(asked.send).toEqual([]);
      const sent = first.party.ask({ kind: 'kept', session });
      expect(sent.kind === 'session' && sent.send.length).toBe(1);
      const again = first.party.ask({ kind: 'kept', session });
      expect(again.kind === 'session' ? again.send : []).toEqual([]);
      // The same process, or a new one after a crash, knows nothing of a session that ended.
      first.party.ask({ kind: 'close', session });
      expect(first.party.ask({ kind: 'kept', session })).toMatchObject({ kind: 'refused' });
      second.party.ask({ kind: 'close', session: other });
    });
  });
});
