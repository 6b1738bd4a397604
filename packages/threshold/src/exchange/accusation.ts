import type { ProtocolAbort } from '../protocol.ts';
import type { Ending } from './ending.ts';
import type { Reports } from './reports.ts';
import type { Room } from './room.ts';
import type { RoundLog } from './round-log.ts';
import { equalBytes, type SignedStatement } from './statement.ts';

/** What the exchange knows once the hellos are complete. */
export interface Running {
  readonly log: RoundLog;
  readonly reports: Reports;
  /** The aborts of parties that told that they ended the operation, by candidate. */
  readonly gone: ReadonlyMap<number, SignedStatement>;
}

/** That the protocol found somebody to blame, which counts only once the others have confirmed what they saw. */
export class Accusation {
  /** Positions among the candidates; never this party itself. */
  readonly culprits: readonly number[];
  readonly reason: string;
  readonly #room: Room;

  constructor(room: Room, abort: ProtocolAbort, parties: readonly number[]) {
    this.#room = room;
    this.culprits = abort.culprits
      .map((position) => parties[position])
      .filter((candidate): candidate is number => candidate !== undefined && candidate !== room.me);
    this.reason = `${room.namesOf(this.culprits)} broke the protocol: ${abort.message}`;
  }

  /** Who has yet to confirm. Not the accused: what those saw of this round came after what they are accused for. */
  unconfirmed({ log, reports, gone }: Running): readonly number[] {
    return log.parties.filter((party) => {
      if (party === this.#room.me || this.culprits.includes(party)) return false;
      const abort = gone.get(party);
      const hasGoneAfter = abort?.round === log.completed + 1 && equalBytes(abort.previous, log.lastHash);
      return !hasGoneAfter && log.find(log.completed + 1, party) === undefined && !reports.confirms(party);
    });
  }

  /** The end that it comes to, once nobody is left to wait for. */
  verdict(running: Running): Ending | undefined {
    const { culprits, reason } = this;
    const unconfirmed = this.unconfirmed(running);
    if (unconfirmed.length === 0) return { cause: 'protocol', culprits, reason };
    if (!unconfirmed.every((party) => running.gone.has(party))) return undefined;
    return { cause: 'protocol', reason: `${reason}; unconfirmed, since ${this.#room.namesOf(unconfirmed)} gave up` };
  }
}
