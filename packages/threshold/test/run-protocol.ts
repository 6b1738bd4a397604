import { type Keep, ProtocolAbort, type Round, type Step } from '../src/protocol.ts';

/** How a party's message is altered before the others (and the party itself) get it. */
export type Tamper = (broadcast: Uint8Array, party: number, round: number) => Uint8Array;

export interface Outcome<Result> {
  readonly result: Result | undefined;
  readonly abort: ProtocolAbort | undefined;
  /** Everything that was to be kept, which the host owns. */
  readonly kept: readonly Keep[];
}

/**
 * Runs all parties to the end. A party whose own message was altered by `tamper` plays the liar: it gets its own, true
 * message back, as it would if it had lied on purpose, and its outcome is left out of account by the tests.
 */
export function runProtocol<Result>(parties: readonly Round<Result>[], tamper?: Tamper): readonly Outcome<Result>[] {
  let steps: (Step<Result> | ProtocolAbort)[] = [...parties];
  const kept = parties.map((): Keep[] => []);
  for (let number = 1; steps.some((step) => !(step instanceof ProtocolAbort) && step.kind === 'round'); number += 1) {
    const originals = steps.map((step, me) => {
      if (step instanceof ProtocolAbort || step.kind !== 'round') throw new Error('the parties are out of step');
      if (step.keep !== undefined) kept[me]?.push(step.keep);
      return Uint8Array.from(step.broadcast);
    });
    const sent = originals.map((bytes, party) => tamper?.(Uint8Array.from(bytes), party, number) ?? bytes);
    steps = steps.map((step, me) => {
      if (step instanceof ProtocolAbort || step.kind !== 'round') throw new Error('the parties are out of step');
      const received = sent.map((bytes, party) => (party === me ? (originals[me] ?? bytes) : bytes));
      try {
        return step.next(received);
      } catch (error) {
        if (error instanceof ProtocolAbort) return error;
        throw error;
      }
    });
    // Who was lied to may see less than the liar; the honest ones go on together, or end together.
    if (steps.some((step) => step instanceof ProtocolAbort)) {
      for (const [me, step] of steps.entries()) {
        if (step instanceof ProtocolAbort || step.kind !== 'round') continue;
        if (step.keep !== undefined) kept[me]?.push(step.keep);
        step.abandon();
      }
      break;
    }
  }
  return steps.map((step, me) => ({
    result: !(step instanceof ProtocolAbort) && step.kind === 'finished' ? step.result : undefined,
    abort: step instanceof ProtocolAbort ? step : undefined,
    kept: kept[me] ?? [],
  }));
}
