/**
 * One operation of one party, from joining the room to its result: carries frames between the relay and the party
 * process, stores what has to be durable before the next frame leaves, and ends in bounded time whatever the others do.
 */
import { DomainError } from '@countersign/core/domain-error';
import type { Room, Rooms } from '@countersign/core/ports/rooms';
import type { PartyOperation, PartyOutcome, PartyReply, SessionReply } from '../messages/party-message.ts';
import type { PartyLink } from './party-link.ts';

export interface CeremonyTimes {
  /** From joining until all parties have said hello. */
  readonly joinMs: number;
  /** From joining to the end. */
  readonly totalMs: number;
  /** How long nothing may arrive after a member has left. */
  readonly silenceMs: number;
}

export const DEFAULT_CEREMONY_TIMES: CeremonyTimes = { joinMs: 30_000, totalMs: 120_000, silenceMs: 5_000 };

/** What a party process asks to have stored before it goes on. */
export type Stored = Exclude<SessionReply['keep'], undefined>;

export interface CeremonyPlan {
  readonly identity: Uint8Array;
  /** The carrier first. */
  readonly rooms: readonly [string, ...string[]];
  readonly relay: string | undefined;
  /** Made once the room's size and the refused rooms are known. */
  readonly operation: (room: Room) => PartyOperation;
  /** Resolves when it is durable. @throws DomainError, which ends the operation */
  readonly store: (stored: Stored) => Promise<void>;
}

/** How an operation that began ended. `stored`: something was stored for it, so that what follows may have left. */
export type CeremonyEnd =
  | { readonly ok: true; readonly outcome: PartyOutcome }
  | { readonly ok: false; readonly error: DomainError; readonly stored: boolean };

/** Frames that wait while the party process works; a hostile relay doesn't fill the memory. */
const MAX_WAITING_FRAMES = 256;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** No party has a reason for a longer one. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Of one message to the party process, which takes 16 MiB with all that is around them. */
const MAX_DELIVERED_BYTES = 8 * 1024 * 1024;

/** Each waits as long as the pool lets work wait. */
const CLOSING_ATTEMPTS = 10;

/** What a message of an operation may take in the party process, in microseconds: two multiplications and more. */
const ELEMENT_US = 150;
const SHARES_US = 20_000;

export class CeremonyRunner {
  readonly #party: PartyLink;
  readonly #rooms: Rooms;
  readonly #times: CeremonyTimes;
  #nextSession = 1;

  constructor(party: PartyLink, rooms: Rooms, times: CeremonyTimes = DEFAULT_CEREMONY_TIMES) {
    this.#party = party;
    this.#rooms = rooms;
    this.#times = times;
  }

  /** Never rejects. */
  async run(plan: CeremonyPlan): Promise<CeremonyEnd> {
    const session = this.#nextSession;
    this.#nextSession = session === 0xffff_ffff ? 1 : session + 1;
    const ceremony = new Ceremony(this.#party, session, plan, this.#times);
    try {
      const outcome = await ceremony.run(this.#rooms);
      return { ok: true, outcome };
    } catch (error) {
      const known =
        error instanceof DomainError ? error : new DomainError('internal', 'the operation failed', { cause: error });
      return { ok: false, error: known, stored: ceremony.stored };
    } finally {
      await ceremony.close();
    }
  }
}

class Ceremony {
  stored = false;
  readonly #party: PartyLink;
  readonly #session: number;
  readonly #plan: CeremonyPlan;
  readonly #times: CeremonyTimes;
  readonly #waiting: { readonly slot: number; readonly frame: Uint8Array }[] = [];
  #waitingBytes = 0;
  #wake = Promise.withResolvers<void>();
  #ended: string | undefined;
  #room: Room | undefined;
  #isOpen = false;
  /** A member has left. */
  #hasLost = false;
  #estimateUs = SHARES_US;

  constructor(party: PartyLink, session: number, plan: CeremonyPlan, times: CeremonyTimes) {
    this.#party = party;
    this.#session = session;
    this.#plan = plan;
    this.#times = times;
  }

  async run(rooms: Rooms): Promise<PartyOutcome> {
    const room = await rooms.join(this.#plan.relay, this.#plan.rooms, {
      onFrame: (slot, frame) => this.#take(slot, frame),
      onLeft: () => {
        this.#hasLost = true;
        this.#wake.resolve();
      },
      onEnd: (reason) => {
        this.#ended ??= reason;
        this.#wake.resolve();
      },
    });
    this.#room = room;
    const startedMs = performance.now();
    const operation = this.#plan.operation(room);
    if (operation.kind === 'sign') this.#estimateUs = ELEMENT_US * (1 + operation.elements.length);
    let reply = await this.#ask({
      kind: 'open',
      session: this.#session,
      identity: this.#plan.identity,
      room: this.#plan.rooms[0],
      size: room.size,
      operation,
    });
    this.#isOpen = true;
    // Every other party's hello is one frame at least.
    let missingHellos = room.size - 1;
    for (;;) {
      reply = await this.#settle(reply);
      const { progress } = reply;
      if (progress.kind === 'done') return progress.outcome;
      if (progress.kind === 'aborted') throw new DomainError('ceremony_failed', progress.reason);
      const passedMs = performance.now() - startedMs;
      const limitMs = missingHellos > 0 ? this.#times.joinMs : this.#times.totalMs;
      // Whoever keeps sending doesn't get more time by it.
      const awaited = passedMs >= this.#times.totalMs ? 'late' : await this.#frames(limitMs - passedMs);
      if (awaited === 'late') {
        reply = await this.#settle(await this.#ask({ kind: 'time-out', session: this.#session }));
        throw new DomainError('ceremony_failed', reasonOf(reply, 'the other parties did not answer in time'));
      }
      if (awaited === 'ended') {
        reply = await this.#settle(await this.#ask({ kind: 'time-out', session: this.#session }));
        if (reply.progress.kind === 'done') return reply.progress.outcome;
        throw new DomainError(
          'ceremony_failed',
          `the room ended (${this.#ended}): ${reasonOf(reply, 'not all parties were there')}`,
        );
      }
      missingHellos -= awaited.length;
      reply = await this.#ask({ kind: 'deliver', session: this.#session, frames: awaited });
    }
  }

  /** Tells the others where this party gave up before the end, so that they needn't wait for the time-out. */
  async close(): Promise<void> {
    if (this.#isOpen) {
      const reply = await this.#askToClose();
      if (reply === undefined) void this.#closeLater();
      else if (reply.kind === 'session') for (const frame of reply.send) this.#room?.send(frame);
    }
    this.#room?.leave();
  }

  /** A process with too much to do isn't gone: it would hold the secrets of what nobody waits for any more. */
  async #closeLater(): Promise<void> {
    for (let attempt = 1; attempt <= CLOSING_ATTEMPTS; attempt += 1)
      if ((await this.#askToClose()) !== undefined) return;
  }

  #askToClose(): Promise<PartyReply | undefined> {
    return this.#party.ask({ kind: 'close', session: this.#session }).catch(() => undefined);
  }

  /** Stores what is to be stored, then sends: until the party process only waits for frames. */
  async #settle(first: SessionReply): Promise<SessionReply> {
    let reply = first;
    for (;;) {
      for (const frame of reply.send) this.#room?.send(frame);
      if (reply.keep === undefined) return reply;
      // From here on it may have been stored, whatever the store says.
      this.stored = true;
      await this.#plan.store(reply.keep);
      reply = await this.#ask({ kind: 'kept', session: this.#session });
    }
  }

  #take(slot: number, frame: Uint8Array): void {
    if (frame.length > MAX_FRAME_BYTES) return;
    if (this.#waiting.length >= MAX_WAITING_FRAMES || this.#waitingBytes + frame.length > MAX_WAITING_BYTES) {
      this.#ended ??= 'the relay sent more than this server takes';
    } else {
      this.#waiting.push({ slot, frame });
      this.#waitingBytes += frame.length;
    }
    this.#wake.resolve();
  }

  async #frames(
    leftMs: number,
  ): Promise<readonly { readonly slot: number; readonly frame: Uint8Array }[] | 'late' | 'ended'> {
    const untilMs = performance.now() + leftMs;
    while (this.#waiting.length === 0 && this.#ended === undefined) {
      const remainingMs = untilMs - performance.now();
      if (remainingMs <= 0) break;
      const hadLost = this.#hasLost;
      this.#wake = Promise.withResolvers<void>();
      const timer = setTimeout(
        () => this.#wake.resolve(),
        hadLost ? Math.min(remainingMs, this.#times.silenceMs) : remainingMs,
      );
      await this.#wake.promise;
      clearTimeout(timer);
      // One that is through needs nobody any more, and one that was lost says nothing any more: the rest is under way.
      if (hadLost) break;
    }
    // What arrived before the end still counts.
    if (this.#waiting.length > 0) return this.#takeWaiting();
    return this.#ended === undefined ? 'late' : 'ended';
  }

  /** As many as one message takes. */
  #takeWaiting(): readonly { readonly slot: number; readonly frame: Uint8Array }[] {
    let bytes = 0;
    let count = 0;
    for (const { frame } of this.#waiting) {
      if (count > 0 && bytes + frame.length > MAX_DELIVERED_BYTES) break;
      bytes += frame.length;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #ask(request: Parameters<PartyLink['ask']>[0]): Promise<SessionReply> {
    let reply: PartyReply | undefined;
    try {
      reply = await this.#party.ask(request, this.#estimateUs);
    } catch (error) {
      if (error instanceof RangeError)
        throw new DomainError('too_large', 'the batch is too large; send it in parts', { cause: error });
      throw error;
    }
    if (reply?.kind === 'session') return reply;
    if (reply?.kind === 'refused') throw new DomainError(reply.code, reply.reason);
    throw new DomainError('unavailable', 'the sealed process of this operation ended; start the operation again');
  }
}

function reasonOf(reply: SessionReply, otherwise: string): string {
  return reply.progress.kind === 'aborted' ? reply.progress.reason : otherwise;
}
