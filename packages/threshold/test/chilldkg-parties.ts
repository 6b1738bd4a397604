/** n parties of a ChillDKG key generation in one process, some of which may not do as they should. */
import { createHash } from 'node:crypto';
import { signTranscript } from '../src/chilldkg/certificate.ts';
import { coordinatorStep1 } from '../src/chilldkg/coordinator.ts';
import { hostPublicKey } from '../src/chilldkg/host-public-key.ts';
import { startKeygen } from '../src/chilldkg/keygen-protocol.ts';
import type { KeygenResult } from '../src/chilldkg/keygen-result.ts';
import type { SessionParams } from '../src/chilldkg/session-params.ts';
import { ProtocolAbort, type Round } from '../src/protocol.ts';
import type { Secp256k1Group } from '../src/secp256k1/secp256k1-group.ts';

export interface Session {
  readonly params: SessionParams;
  readonly hostSecrets: readonly Uint8Array[];
  readonly label: string;
}

/** Sessions of the same name have the same host keys. */
export function session(group: Secp256k1Group, threshold: number, count: number, label = ''): Session {
  const hostSecrets = Array.from({ length: count }, (_, party) => bytesOf(`host ${party}`));
  return { params: { hostPublicKeys: hostSecrets.map((s) => hostPublicKey(group, s)), threshold }, hostSecrets, label };
}

/** What a dishonest party sends in place of its broadcast in this round, once it has seen everyone's. */
export type Tamper = (broadcast: Uint8Array, all: readonly Uint8Array[]) => Uint8Array;

export interface Dishonesty {
  readonly party: number;
  /** 1 or 2. */
  readonly round: number;
  readonly tamper: Tamper;
}

/** How it ended for a party: what it has, or what it threw. */
export type Outcome = KeygenResult | Error;

export interface Run {
  readonly outcomes: readonly Outcome[];
  /** The broadcasts of each round that took place. */
  readonly rounds: readonly (readonly Uint8Array[])[];
  /** What each party asked to keep in round 2; nothing from one that complained or stopped. */
  readonly pending: readonly (Uint8Array | undefined)[];
}

/**
 * Runs all rounds. A party that was dishonest in the first one goes on as if nothing had happened, and signs what the
 * others sign; its outcome means nothing. A party that stopped in the first round says something of no meaning in the
 * second.
 *
 * @param groups the arithmetic of each party, over again where there are more parties
 */
export function runKeygen(
  groups: readonly Secp256k1Group[],
  { params, hostSecrets, label }: Session,
  dishonest: readonly Dishonesty[] = [],
): Run {
  const rounds: Uint8Array[][] = [];
  const pending: (Uint8Array | undefined)[] = hostSecrets.map(() => undefined);
  let steps: (Round<KeygenResult> | Outcome)[] = hostSecrets.map((hostSecret, party) =>
    startKeygen(groupOf(groups, party), {
      hostSecret,
      params,
      random: bytesOf(`random ${party} ${label}`),
      auxiliaryRandom: bytesOf(`auxiliary ${party} ${label}`),
    }),
  );
  for (const number of [1, 2]) {
    const honest = steps.map((step, party) => {
      const changed = number === 2 && dishonest.some((one) => one.party === party && one.round === 1);
      if (changed) return signatureOver(groupOf(groups, party), rounds[0] ?? [], params, party, hostSecrets[party]);
      return 'kind' in step ? step.broadcast : new Uint8Array(64);
    });
    const sent = honest.map((broadcast, party) => {
      const change = dishonest.find((one) => one.party === party && one.round === number);
      return change === undefined ? broadcast : change.tamper(broadcast, honest);
    });
    rounds.push(sent);
    steps = steps.map((step, party) => {
      if (!('kind' in step)) return step;
      try {
        const received = sent.map((broadcast, sender) =>
          sender === party ? (honest[sender] ?? broadcast) : broadcast,
        );
        const next = step.next(received);
        if (next.kind === 'finished') return next.result;
        if (next.keep?.kind === 'pending') pending[party] = next.keep.secret;
        return next;
      } catch (error) {
        if (error instanceof Error) return error;
        throw error;
      }
    });
  }
  return {
    outcomes: steps.map((step) => ('kind' in step ? new Error('a third round') : step)),
    rounds,
    pending,
  };
}

/** This party's signature over the transcript of these first messages, where they have one. */
function signatureOver(
  group: Secp256k1Group,
  messages: readonly Uint8Array[],
  params: SessionParams,
  party: number,
  hostSecret: Uint8Array = new Uint8Array(),
): Uint8Array {
  try {
    const { transcript } = coordinatorStep1(group, messages, params).state;
    return signTranscript(group, hostSecret, party, transcript, bytesOf('auxiliary'));
  } catch {
    return new Uint8Array(64);
  }
}

/** Frees the secrets of a run; the last thing to be done with it. */
export function freeRun(groups: readonly Secp256k1Group[], { outcomes, pending }: Run): void {
  for (const [party, outcome] of outcomes.entries()) {
    if (!(outcome instanceof Error)) groupOf(groups, party).freeSecret(outcome.secretShare);
    const kept = pending[party];
    if (kept !== undefined) groupOf(groups, party).freeSecret(kept);
  }
}

export function groupOf(groups: readonly Secp256k1Group[], party: number): Secp256k1Group {
  const group = groups[party % groups.length];
  if (group === undefined) throw new RangeError('no groups');
  return group;
}

export function finished(outcome: Outcome | undefined): KeygenResult {
  if (outcome === undefined) throw new Error('no such party');
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

/** Whom this party names, and its words. */
export function aborted(outcome: Outcome | undefined): { culprits: readonly number[]; message: string } {
  if (!(outcome instanceof ProtocolAbort)) {
    throw outcome instanceof Error ? outcome : new Error('the party did not abort');
  }
  return { culprits: outcome.culprits, message: outcome.message };
}

export function bytesOf(label: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(label).digest());
}
