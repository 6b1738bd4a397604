import type { ShownStatement } from './payloads.ts';
import { equalBytes, hashOfRound, type SignedStatement } from './statement.ts';

interface Entry {
  readonly statement: SignedStatement;
  /** Undefined where only the statement is of use: it came in a report, or the round is over. */
  readonly payload: Uint8Array | undefined;
}

/**
 * The frames of the last complete round, of the one that runs, and of the one ahead; nobody can be further, since it
 * would need this party's frame of the round between.
 */
export class RoundLog {
  /** Positions among the candidates, in party order. */
  readonly parties: readonly number[];
  /** The hash of all hellos. */
  readonly session: Uint8Array;
  /** By round, then by candidate. */
  readonly #entries = new Map<number, Map<number, Entry>>();
  readonly #hashes = new Map<number, Uint8Array>();
  #completed = 0;
  #bytesAhead = 0;

  /** @param hellos in party order */
  constructor(parties: readonly number[], hellos: readonly SignedStatement[]) {
    this.parties = parties;
    this.session = hashOfRound(hellos);
    this.#hashes.set(0, this.session);
    hellos.forEach((statement, i) => {
      this.add(parties[i] ?? -1, statement, undefined);
    });
  }

  /** The last round of which all frames are here; round 0 are the hellos. */
  get completed(): number {
    return this.#completed;
  }

  /** Bytes of payloads that wait for the round before theirs. */
  get bytesAhead(): number {
    return this.#bytesAhead;
  }

  add(candidate: number, statement: SignedStatement, payload: Uint8Array | undefined): void {
    const entries = this.#entries.get(statement.round) ?? new Map<number, Entry>();
    this.#entries.set(statement.round, entries.set(candidate, { statement, payload }));
    if (statement.round > this.#completed + 1) this.#bytesAhead += payload?.length ?? 0;
  }

  find(round: number, candidate: number): Entry | undefined {
    return this.#entries.get(round)?.get(candidate);
  }

  /** 32 bytes, of a complete round. */
  hashOf(round: number): Uint8Array {
    const hash = this.#hashes.get(round);
    if (hash === undefined) throw new Error('a round that is not complete');
    return hash;
  }

  /** Of the last complete round. */
  get lastHash(): Uint8Array {
    return this.hashOf(this.#completed);
  }

  /** Whose frame of the round that runs isn't here. */
  missing(): readonly number[] {
    return this.parties.filter((party) => this.find(this.#completed + 1, party)?.payload === undefined);
  }

  /** Who says, by its frame of the round that runs, that it saw other frames of the last complete one. */
  claimants(): readonly number[] {
    return this.parties.filter((party) => {
      const claim = this.find(this.#completed + 1, party);
      return claim !== undefined && !equalBytes(claim.statement.previous, this.lastHash);
    });
  }

  /** Ends the round that runs, of which nothing is missing: its payloads in party order, which are forgotten. */
  complete(): readonly Uint8Array[] {
    const round = this.#completed + 1;
    const entries = this.parties.flatMap((party) => this.find(round, party) ?? []);
    const payloads = entries.flatMap(({ payload }) => payload ?? []);
    if (payloads.length < this.parties.length) throw new Error('a round that is not complete');
    const statements = entries.map(({ statement }) => statement);
    this.#completed = round;
    this.#bytesAhead = 0;
    this.#hashes.set(round, hashOfRound(statements));
    this.#hashes.delete(round - 3);
    this.#entries.delete(round - 2);
    statements.forEach((statement, i) => {
      this.add(this.parties[i] ?? -1, statement, undefined);
    });
    return payloads;
  }

  /** The statements of a round that are here, in party order. */
  shown(round: number): readonly ShownStatement[] {
    return this.parties.flatMap((candidate) => {
      const entry = this.find(round, candidate);
      return entry === undefined ? [] : [{ candidate, statement: entry.statement }];
    });
  }
}
