/**
 * The last round of every protocol that makes shares: each party says, signed, that its new share is stored. Only who
 * has the word of all parties treats the share as made, so that a key doesn't come to be for some of them only.
 */
import { type Keep, ProtocolAbort, type Round, round, type Step } from './protocol.ts';

export interface Acknowledgement<Result, Acknowledged> {
  /** This party's signature over "stored", bound to what all parties must hold alike. */
  readonly sign: (result: Result) => Uint8Array;
  /** Whether `signature` is the party's at that position over the same. */
  readonly verify: (result: Result, position: number, signature: Uint8Array) => boolean;
  /** What is stored before the signature leaves: everything that finishes the operation alone. Undefined for who gets no share. */
  readonly keep: (result: Result) => Keep | undefined;
  /** With the signatures of all, in the order of the parties. Takes the result over, unless it throws. */
  readonly finish: (result: Result, signatures: readonly Uint8Array[]) => Acknowledged;
  /** Wipes a result that nobody will take. */
  readonly abandon: (result: Result) => void;
}

/** `protocol` with a round of acknowledgements after it. */
export function acknowledged<Result, Acknowledged>(
  protocol: Step<Result>,
  acknowledgement: Acknowledgement<Result, Acknowledged>,
): Round<Acknowledged> {
  if (protocol.kind === 'round') {
    return round({
      broadcast: protocol.broadcast,
      keep: protocol.keep,
      next: (broadcasts) => acknowledged(protocol.next(broadcasts), acknowledgement),
      abandon: () => protocol.abandon(),
    });
  }
  const { result } = protocol;
  return abandonedOnThrow(result, acknowledgement, () => {
    const broadcast = acknowledgement.sign(result);
    return round({
      broadcast,
      keep: acknowledgement.keep(result),
      next: (signatures) =>
        abandonedOnThrow(result, acknowledgement, () => {
          if (!signatures.some((signature) => Buffer.compare(signature, broadcast) === 0))
            throw new ProtocolAbort([], "this party's own message was altered on the way");
          const culprits = [...signatures.keys()].filter((position) => {
            const signature = signatures[position];
            return signature === undefined || !acknowledgement.verify(result, position, signature);
          });
          if (culprits.length > 0) throw new ProtocolAbort(culprits, 'the acknowledgement is not signed as it must be');
          return { kind: 'finished', result: acknowledgement.finish(result, signatures) };
        }),
      abandon: () => acknowledgement.abandon(result),
    });
  });
}

function abandonedOnThrow<Result, Outcome>(
  result: Result,
  acknowledgement: Pick<Acknowledgement<Result, unknown>, 'abandon'>,
  run: () => Outcome,
): Outcome {
  try {
    return run();
  } catch (error) {
    acknowledgement.abandon(result);
    throw error;
  }
}
