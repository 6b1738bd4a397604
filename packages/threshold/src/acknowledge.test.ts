import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Acknowledgement, acknowledged } from './acknowledge.ts';
import { type Keep, ProtocolAbort, type Round, round, type Step } from './protocol.ts';

/** What a protocol of one round leaves behind. */
interface Toy {
  readonly me: number;
  readonly agreed: string;
  isFree: boolean;
}

const signatureOf = (party: number, agreed: string): Uint8Array =>
  createHash('sha256').update(`${party}/${agreed}`).digest();

const acknowledgement = (
  change: Partial<Acknowledgement<Toy, readonly Uint8Array[]>> = {},
): Acknowledgement<Toy, readonly Uint8Array[]> => ({
  sign: ({ me, agreed }) => signatureOf(me, agreed),
  verify: ({ agreed }, party, signature) => Buffer.compare(signature, signatureOf(party, agreed)) === 0,
  keep: () => ({ kind: 'share' }),
  finish: (toy, signatures) => {
    toy.isFree = true;
    return signatures;
  },
  abandon: (toy) => {
    if (toy.isFree) throw new Error('freed twice');
    toy.isFree = true;
  },
  ...change,
});

/** Agrees on what all say together. */
function toyOf(me: number, keep?: Keep): { readonly toy: Toy; readonly protocol: Round<Toy>; abandoned: () => number } {
  const toy = { me, agreed: '', isFree: false };
  let abandoned = 0;
  const protocol = round<Toy>({
    broadcast: Uint8Array.of(me),
    keep,
    next: (broadcasts) => {
      toy.agreed = Buffer.concat(broadcasts).toString('hex');
      return { kind: 'finished', result: toy };
    },
    abandon: () => {
      abandoned += 1;
    },
  });
  return { toy, protocol, abandoned: () => abandoned };
}

function roundOf<Result>(step: Step<Result> | undefined): Round<Result> {
  if (step?.kind !== 'round') throw new Error('ended');
  return step;
}

/** All parties at their last round. */
function untilLast(parties = 3, change: Parameters<typeof acknowledgement>[0] = {}) {
  const toys = Array.from({ length: parties }, (_, me) => toyOf(me));
  const first = toys.map(({ protocol }) => acknowledged(protocol, acknowledgement(change)));
  const broadcasts = first.map(({ broadcast }) => broadcast);
  const last = first.map((each) => roundOf(each.next(broadcasts)));
  return { toys: toys.map(({ toy }) => toy), last, signatures: last.map(({ broadcast }) => broadcast) };
}

describe('acknowledged', () => {
  it('runs the protocol as it is, then one round of signatures, and finishes with all of them', () => {
    const keep: Keep = { kind: 'nonces', hashes: [] };
    const { protocol } = toyOf(0, keep);
    const first = acknowledged(protocol, acknowledgement());
    expect(first.broadcast).toEqual(Uint8Array.of(0));
    expect(first.keep).toBe(keep);

    const { toys, last, signatures } = untilLast();
    expect(last.map((each) => each.keep)).toEqual([{ kind: 'share' }, { kind: 'share' }, { kind: 'share' }]);
    expect(toys.every(({ isFree }) => !isFree)).toBe(true);
    for (const each of last) expect(each.next(signatures)).toEqual({ kind: 'finished', result: signatures });
    expect(toys.every(({ isFree }) => isFree)).toBe(true);
  });

  it('acknowledges at once what is there already', () => {
    const toy: Toy = { me: 0, agreed: 'x', isFree: false };
    const only = acknowledged({ kind: 'finished', result: toy }, acknowledgement());
    expect(only.broadcast).toEqual(signatureOf(0, 'x'));
    expect(only.next([signatureOf(0, 'x'), signatureOf(1, 'x')]).kind).toBe('finished');
  });

  it('asks nothing to be kept where there is nothing', () => {
    const { last } = untilLast(2, { keep: () => undefined });
    expect(last[0]?.keep).toBeUndefined();
  });

  it('blames who signs something else, the same at all others, and gives the result up', () => {
    const { toys, last, signatures } = untilLast(4);
    const wrong = signatures.with(1, signatureOf(1, 'else')).with(3, new Uint8Array(0));
    for (const me of [0, 2]) {
      expect(abortOf(() => last[me]?.next(wrong))?.culprits).toEqual([1, 3]);
      expect(toys[me]?.isFree).toBe(true);
    }
    for (const me of [1, 3]) expect(toys[me]?.isFree).toBe(false);
  });

  it('takes no signature twice', () => {
    const { last, signatures } = untilLast();
    const [first = new Uint8Array(0)] = signatures;
    expect(abortOf(() => last[0]?.next([first, first, first]))?.culprits).toEqual([1, 2]);
  });

  it('does not finish without its own message among them', () => {
    for (const without of [[], [signatureOf(1, '000102'), signatureOf(2, '000102')]]) {
      const { toys, last } = untilLast();
      expect(abortOf(() => last[0]?.next(without))?.culprits).toEqual([]);
      expect(toys[0]?.isFree).toBe(true);
    }
  });

  it('gives up, once, what is abandoned in any round', () => {
    const early = toyOf(0);
    const first = acknowledged(early.protocol, acknowledgement());
    first.abandon();
    first.abandon();
    expect(early.abandoned()).toBe(1);

    const { toys, last, signatures } = untilLast();
    last[0]?.abandon();
    last[0]?.abandon();
    expect(toys[0]?.isFree).toBe(true);
    expect(() => last[0]?.next(signatures)).toThrow('round used twice');
  });

  it('does not give up again what was finished', () => {
    const { last, signatures } = untilLast();
    last[0]?.next(signatures);
    last[0]?.abandon();
  });

  it('gives up the result where anything fails on the way', () => {
    const fail = (): never => {
      throw new RangeError('no more');
    };
    for (const change of [{ sign: fail }, { keep: fail }]) {
      const { toy, protocol } = toyOf(0);
      const first = acknowledged(protocol, acknowledgement(change));
      expect(() => first.next([Uint8Array.of(0)])).toThrow(RangeError);
      expect(toy.isFree).toBe(true);
    }
    for (const change of [{ verify: fail }, { finish: fail }]) {
      const { toys, last, signatures } = untilLast(3, change);
      expect(() => last[0]?.next(signatures)).toThrow(RangeError);
      expect(toys[0]?.isFree).toBe(true);
    }
  });
});

function abortOf(run: () => unknown): ProtocolAbort | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolAbort) return error;
    throw error;
  }
}
