/**
 * What a threshold protocol is to the exchange that carries it: rounds in which every party broadcasts once, seen
 * from one party. What is meant for one party alone is encrypted to it inside the broadcast, so that all parties
 * agree on one transcript and blame can be shown to others. No sockets, no clock, no store.
 */

/** What has to be durable before a round's broadcast may leave. */
export type Keep =
  /** SHA-256 of each public nonce: the store refuses one that it has seen. */
  | { readonly kind: 'nonces'; readonly hashes: readonly Uint8Array[] }
  /** Secret state that finishes the operation after a crash, to be wrapped; the exchange's host wipes it. */
  | { readonly kind: 'pending'; readonly secret: Uint8Array }
  /** The new share itself, which the exchange's host has from the protocol. */
  | { readonly kind: 'share' };

export interface Round<Result> {
  readonly kind: 'round';
  readonly broadcast: Uint8Array;
  readonly keep: Keep | undefined;
  /**
   * Takes the broadcasts of all parties, in their order, this party's own included. Works once.
   * @throws ProtocolAbort naming who broke the protocol
   * @throws Error `round used twice`
   */
  readonly next: (broadcasts: readonly Uint8Array[]) => Step<Result>;
  /** Wipes secrets of a round that nobody will continue. */
  readonly abandon: () => void;
}

export interface Finished<Result> {
  readonly kind: 'finished';
  readonly result: Result;
}

export type Step<Result> = Round<Result> | Finished<Result>;

/**
 * The protocol can't go on. `culprits` are positions in the order of the parties; empty where it can't be told who is
 * to blame (or, as `reason` then says, who is among the suspects). An honest party is never in it.
 */
export class ProtocolAbort extends Error {
  override readonly name = 'ProtocolAbort';
  readonly culprits: readonly number[];
  /** @param message for people on the parties' side: names the check that failed, no secrets */
  constructor(culprits: readonly number[], message: string) {
    super(message);
    this.culprits = culprits;
  }
}

/** Builds a round whose `next` and `abandon` together run at most once. */
export function round<Result>(parts: {
  readonly broadcast: Uint8Array;
  readonly keep?: Keep | undefined;
  readonly next: (broadcasts: readonly Uint8Array[]) => Step<Result>;
  readonly abandon?: () => void;
}): Round<Result> {
  let used = false;
  return {
    kind: 'round',
    broadcast: parts.broadcast,
    keep: parts.keep,
    next: (broadcasts) => {
      if (used) throw new Error('round used twice');
      used = true;
      return parts.next(broadcasts);
    },
    abandon: () => {
      if (used) return;
      used = true;
      parts.abandon?.();
    },
  };
}

/** The same protocol with its result put into another form. */
export function transformed<From, To>(step: Step<From>, form: (result: From) => To): Step<To> {
  if (step.kind === 'finished') return { kind: 'finished', result: form(step.result) };
  return round({
    broadcast: step.broadcast,
    keep: step.keep,
    next: (broadcasts) => transformed(step.next(broadcasts), form),
    abandon: () => step.abandon(),
  });
}
