import type { Ending, Judgement } from './ending.ts';
import type { Mail } from './mailbox.ts';
import { decodeHello, encodeHello } from './payloads.ts';
import type { Room } from './room.ts';
import { equalBytes, isSameStatement, NO_HASH, type SignedStatement } from './statement.ts';
import { wellFormed } from './well-formed.ts';
import { parseX25519PublicKey } from './x25519.ts';

export interface Hello {
  readonly candidate: number;
  readonly statement: SignedStatement;
  readonly content: Uint8Array;
}

/** Frames of one member that came before all hellos did. An honest one sends no more before it gets an answer. */
const MAX_HELD_BACK = 4;

/** Round 0: who is here, who speaks through which of the relay's slots, and whether all were asked for the same. */
export class HelloRound {
  readonly #room: Room;
  /** By position among the candidates. */
  readonly #hellos: (Hello | undefined)[];
  readonly #candidateOfSlot = new Map<number, number>();
  readonly #heldBack = new Map<number, Uint8Array[]>();
  #heldBackBytes = 0;
  #isOpen = true;

  constructor(room: Room) {
    this.#room = room;
    this.#hellos = room.candidates.map(() => undefined);
  }

  /** This party's own. */
  say(
    content: Uint8Array,
    freshPublicKey: Uint8Array,
  ): { readonly statement: SignedStatement; readonly payload: Buffer } {
    const { operation, size, candidatesHash, limits, me } = this.#room;
    const payload = encodeHello({ operation, size, candidates: candidatesHash, content }, limits.payloadBytes);
    const head = { kind: 'hello', round: 0, session: freshPublicKey, previous: NO_HASH } as const;
    const statement = this.#room.sign(head, payload);
    this.#hellos[me] = { candidate: me, statement, content };
    return { statement, payload };
  }

  receive(slot: number, { candidate, statement, payload: encoded }: Mail): Judgement {
    const known = this.of(candidate);
    // The relay may repeat a frame, or give this party its own.
    if (known !== undefined && isSameStatement(known.statement, statement)) return 'taken';
    const payload = wellFormed(() => decodeHello(encoded, this.#room.limits.payloadBytes));
    if (payload === undefined || statement.round !== 0) return 'dropped';
    if (known !== undefined) return this.#receiveSecond(candidate, statement);
    if (!this.#isOpen || this.#candidateOfSlot.has(slot)) return 'dropped';

    const { operation, size } = this.#room;
    if (payload.operation !== operation) {
      return this.#differs(candidate, `was asked for another operation: ${payload.operation}, here ${operation}`);
    }
    if (!equalBytes(statement.operation, this.#room.operationHash)) return 'dropped';
    if (payload.size !== size) {
      return this.#differs(candidate, `was asked for another number of parties: ${payload.size}, here ${size}`);
    }
    if (!equalBytes(payload.candidates, this.#room.candidatesHash)) {
      return this.#differs(candidate, 'was asked to work with other parties, or with the same in another order');
    }
    if (parseX25519PublicKey(statement.session) === undefined) {
      return this.#differs(candidate, 'sent a channel key that is not one');
    }
    this.#room.transcript.note(candidate, statement);
    this.#hellos[candidate] = { candidate, statement, content: payload.content };
    this.#candidateOfSlot.set(slot, candidate);
    return 'taken';
  }

  of(candidate: number): Hello | undefined {
    return this.#hellos[candidate];
  }

  candidateOf(slot: number): number | undefined {
    return this.#candidateOfSlot.get(slot);
  }

  absent(): readonly number[] {
    return [...this.#hellos.keys()].filter((candidate) => this.#hellos[candidate] === undefined);
  }

  /** All hellos in party order, once enough are there; no more are taken then. */
  close(): readonly Hello[] | undefined {
    const hellos = this.#hellos.filter((hello) => hello !== undefined);
    if (!this.#isOpen || hellos.length < this.#room.size) return undefined;
    this.#isOpen = false;
    return hellos;
  }

  /** Keeps a copy of a frame that can't be opened before all hellos are there. */
  holdBack(slot: number, frame: Uint8Array): Judgement {
    const held = this.#heldBack.get(slot) ?? [];
    if (held.some((other) => equalBytes(other, frame))) return 'taken';
    const bytes = this.#heldBackBytes + frame.length;
    if (held.length >= MAX_HELD_BACK || bytes > this.#room.limits.bufferedBytes) return 'dropped';
    this.#heldBackBytes = bytes;
    this.#heldBack.set(slot, [...held, Uint8Array.from(frame)]);
    return 'taken';
  }

  /** What was held back, once. */
  takeHeldBack(): readonly { readonly slot: number; readonly frame: Uint8Array }[] {
    const all = [...this.#heldBack].flatMap(([slot, frames]) => frames.map((frame) => ({ slot, frame })));
    this.#heldBack.clear();
    this.#heldBackBytes = 0;
    return all;
  }

  /**
   * Two hellos of one identity. With one fresh key only a liar makes them; with two, it may be two copies of one
   * server, or a caller that named a room to it twice, so that nobody is blamed.
   */
  #receiveSecond(candidate: number, statement: SignedStatement): Judgement {
    const isMe = candidate === this.#room.me;
    const contradiction = isMe ? undefined : this.#room.witness(candidate, statement);
    if (contradiction !== undefined) return contradiction;
    // Later it may be what the relay kept of an earlier use of the id. If others met that one, the hashes will tell.
    if (!this.#isOpen) return 'dropped';
    const who = isMe ? "this server's own identity" : this.#room.nameOf(candidate);
    return { cause: 'identity_twice', reason: `${who} is in the room twice` };
  }

  #differs(candidate: number, how: string): Ending {
    return { cause: 'refused', reason: `${this.#room.nameOf(candidate)} ${how}` };
  }
}
