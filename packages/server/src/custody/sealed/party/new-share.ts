/**
 * The end that key generation, refresh, reshare and import have in common: a made share is stored as certified, all
 * parties acknowledge, and then it is the share. A party that another one shows the end of the protocol to skips to it.
 */
import { createHash } from 'node:crypto';
import { copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import type { ThresholdFacts } from '@countersign/core/ports/threshold-store';
import { acknowledged } from '@countersign/threshold/acknowledge';
import { bytes, type Decoded, fixed, list, MalformedBytes, struct, u16, variants } from '@countersign/threshold/codec';
import { ProtocolAbort, type Step } from '@countersign/threshold/protocol';
import { MAX_PARTIES, type PartyOutcome, type SealSlot } from '../../messages/party-message.ts';
import { OperationRefused, type PartySession } from './party-context.ts';
import type { MadeShare } from './party-scheme.ts';
import { idOf, type ShareSecret, sealShare } from './sealed-secrets.ts';

const ACKNOWLEDGE_TAG = 'countersign/acknowledge-share/v1';

/** What a party says of itself in the hello of an operation that makes shares. */
export const shareHello = struct({
  threshold: u16,
  /** Hash of everything else that the callers have to agree on, such as the keygen ids. */
  parametersHash: fixed(32),
  state: variants({
    /** It has never signed for these parameters. */
    fresh: struct({}),
    /** It may have signed, and doesn't know the end. */
    pending: struct({}),
    /** It has the share; the evidence gives the others theirs. The acknowledgements are those of all parties, or none. */
    certified: struct({ evidence: bytes(64 * 1024), acknowledgements: list(fixed(64), 2 * MAX_PARTIES) }),
  }),
});
export type ShareHello = Decoded<typeof shareHello>;

/** What a party with this secret does at the end of the operation. */
export function partOf(secret: ShareSecret | undefined): 'stores' | 'helps' {
  return secret?.kind === 'share' ? 'helps' : 'stores';
}

/** What a party says of the share that it has, or is about to have. */
export function stateOf(secret: ShareSecret | undefined): ShareHello['state'] {
  if (secret === undefined || secret.kind === 'created') return { kind: 'fresh' };
  if (secret.kind === 'pending') return { kind: 'pending' };
  const acknowledgements = secret.kind === 'share' ? secret.acknowledgements : [];
  return { kind: 'certified', evidence: secret.facts.publicEvidence, acknowledgements };
}

/**
 * Whether parties with this secret may meet in a smaller room than the operation's. Who has its share needs nothing more
 * than the word of all, which one of the others may have: whoever kept its own word back from some, or is gone for good,
 * doesn't keep those from the key that it gave others its word on.
 */
export function isThrough(
  secret: ShareSecret | undefined,
): secret is Extract<ShareSecret, { kind: 'certified' | 'share' }> {
  return secret?.kind === 'certified' || secret?.kind === 'share';
}

/**
 * What a party once signed for may not be forgotten for other parameters: others may have come to the end. Whoever knows
 * that they never will, since a server is gone for good, deletes the unfinished share, which is therefore named.
 * @throws OperationRefused
 */
export function refuseOtherParameters(
  secret: ShareSecret | undefined,
  parametersHash: Uint8Array,
  slot: SealSlot | undefined,
): void {
  if (secret === undefined || secret.kind === 'created') return;
  const signedFor = secret.kind === 'pending' ? secret.parametersHash : secret.facts.parametersHash;
  if (Buffer.compare(signedFor, parametersHash) !== 0)
    throw new OperationRefused(
      'conflict',
      'another operation was begun, with other parties or another threshold; repeat it with those, or, if they ' +
        `can never come, delete the unfinished key ${slot === undefined ? '' : idOf(slot.keyId)} and begin again`,
    );
}

/** @throws ProtocolAbort that says in what the parties differ */
export function refuseDisagreement(
  said: readonly ShareHello[],
  own: Pick<ShareHello, 'threshold' | 'parametersHash'>,
  nameOf: (party: number) => string,
): void {
  said.forEach((hello, party) => {
    if (hello.threshold !== own.threshold)
      throw new ProtocolAbort(
        [],
        `${nameOf(party)} was asked for threshold ${hello.threshold}, this one for ${own.threshold}`,
      );
    if (Buffer.compare(hello.parametersHash, own.parametersHash) !== 0)
      throw new ProtocolAbort([], `${nameOf(party)} was given other keygen ids than this one`);
  });
}

/**
 * What this party gets from the first valid evidence that another one shows; undefined where nobody shows any. One that
 * isn't valid harms nobody: there may be a good one beside it.
 * @param recover throws MalformedBytes for evidence that isn't valid or isn't of this operation
 * @throws ProtocolAbort where there is evidence, and none of it is valid
 */
export function fromEvidence<Result>(
  said: readonly ShareHello[],
  recover: (evidence: Uint8Array) => Result,
): Result | undefined {
  let isShown = false;
  for (const { state } of said) {
    if (state.kind !== 'certified') continue;
    isShown = true;
    try {
      return recover(state.evidence);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
    }
  }
  if (isShown) throw new ProtocolAbort([], 'what another party shows as the end of the operation is not its end');
  return undefined;
}

/** The share that this party has already, in memory of its own. */
export function storedShare(
  secret: Extract<ShareSecret, { kind: 'certified' | 'share' }>,
  publicKey: Uint8Array,
): NewShare {
  const { facts } = secret;
  const copy = copySecret(secret.scalar);
  return {
    made: {
      scalar: copy,
      groupKey: facts.groupKey,
      chainCode: facts.chainCode,
      publicShares: facts.parties.map(({ publicShare }) => publicShare),
      evidence: facts.publicEvidence,
      free: () => freeSecret(copy),
    },
    facts,
    publicKey,
  };
}

/** A share with what is public about it, as it will be stored. */
export interface NewShare {
  readonly made: MadeShare;
  readonly facts: ThresholdFacts;
  readonly publicKey: Uint8Array;
}

export interface NewShareParts {
  readonly rootKey: Buffer;
  readonly slot: SealSlot;
  readonly operation: string;
  /** Of a row made by `create`; until the share is certified, it is what this party's keygen id stands for. */
  readonly perKey: Uint8Array | undefined;
  /** Only where the share comes of it: later it would rebuild one that is gone. */
  readonly keepsPerKey: boolean;
  readonly parametersHash: Uint8Array;
  readonly sign: (tag: string, message: Uint8Array) => Uint8Array;
  /** Of each party of the exchange, in its order. */
  readonly verify: readonly ((signature: Uint8Array, tag: string, message: Uint8Array) => boolean)[];
}

/** Seals what is kept on the way, and ends the protocol with acknowledgements. */
export class ShareSealing {
  readonly #parts: NewShareParts;
  #share: NewShare | undefined;

  constructor(parts: NewShareParts) {
    this.#parts = parts;
  }

  readonly seal: PartySession['seal'] = (keep) => {
    const { rootKey, slot, perKey, parametersHash } = this.#parts;
    if (keep.kind === 'pending') {
      const sealed = sealShare(rootKey, slot, { kind: 'pending', perKey, parametersHash, resume: keep.secret });
      freeSecret(keep.secret);
      return sealed;
    }
    if (this.#share === undefined) throw new Error('no share to seal');
    return this.#seal(this.#share, undefined);
  };

  /**
   * @param part what this party does at the end: it `stores` a new share; or it `helps` others to finish what it has
   * itself already, so that storing would only set it back; or it has only `dealt`
   * @param said by all who are there: where the protocol is over, one of them may have the word of all
   */
  finish(
    protocol: Step<NewShare>,
    part: 'stores' | 'helps' | 'dealt',
    said: readonly ShareHello[],
  ): Step<PartyOutcome> {
    if (protocol.kind === 'finished') {
      const { result } = protocol;
      const word = this.#wordOfAll(result, said);
      if (word !== undefined) return { kind: 'finished', result: this.#take(result, part, word) };
      if (said.length < this.#parts.verify.length) {
        result.made.free();
        throw new ProtocolAbort([], 'not all parties are here, and none that is has the word of all');
      }
    }
    return acknowledged<NewShare, PartyOutcome>(protocol, {
      sign: (share) => this.#parts.sign(ACKNOWLEDGE_TAG, this.#digest(share)),
      verify: (share, position, signature) => this.#isWordOf(position, signature, this.#digest(share)),
      keep: (share) => {
        if (part !== 'stores') return undefined;
        this.#share = share;
        return { kind: 'share' };
      },
      finish: (share, acknowledgements) => this.#take(share, part, acknowledgements),
      abandon: (share) => share.made.free(),
    });
  }

  /** Takes the share over. */
  #take(share: NewShare, part: 'stores' | 'helps' | 'dealt', acknowledgements: readonly Uint8Array[]): PartyOutcome {
    try {
      if (part === 'dealt') return { kind: 'nothing' };
      const sealed = this.#seal(share, acknowledgements);
      return { kind: 'share', sealed, facts: share.facts, publicKey: share.publicKey };
    } finally {
      share.made.free();
    }
  }

  #wordOfAll(share: NewShare, said: readonly ShareHello[]): readonly Uint8Array[] | undefined {
    const digest = this.#digest(share);
    const { length } = this.#parts.verify;
    for (const { state } of said) {
      const word = state.kind === 'certified' ? state.acknowledgements : [];
      if (word.length === length && word.every((signature, position) => this.#isWordOf(position, signature, digest)))
        return word;
    }
    return undefined;
  }

  #isWordOf(position: number, signature: Uint8Array, digest: Uint8Array): boolean {
    return this.#parts.verify[position]?.(signature, ACKNOWLEDGE_TAG, digest) === true;
  }

  /** @param acknowledgements undefined while they aren't all in */
  #seal({ made, facts }: NewShare, acknowledgements: readonly Uint8Array[] | undefined): Uint8Array {
    const { rootKey, slot, perKey, keepsPerKey } = this.#parts;
    const secret = { perKey: keepsPerKey ? perKey : undefined, scalar: made.scalar, facts };
    return sealShare(
      rootKey,
      slot,
      acknowledgements === undefined
        ? { kind: 'certified', ...secret }
        : { kind: 'share', ...secret, acknowledgements },
    );
  }

  /** What all parties must hold alike. Not the evidence, of which there can be several: signers may sign once more. */
  #digest({ facts }: NewShare): Uint8Array {
    const hash = createHash('sha256').update(`${this.#parts.operation}\0`).update(this.#parts.parametersHash);
    hash.update(facts.groupKey).update(facts.chainCode).update(`${facts.threshold}/${facts.epoch}/${facts.origin}\0`);
    for (const { identity, publicShare } of facts.parties) hash.update(identity).update(publicShare);
    return hash.digest();
  }
}
