/**
 * Carries one threshold protocol through one room, seen from one party. Frames in, frames out: no sockets, no clock.
 *
 * Round 0 is a signed hello from everybody, which settles who the parties are. From then on every broadcast of the
 * protocol is signed together with the hash of all frames of the round before, so that parties which were told
 * different things find out one round later. They then report to each other what they saw, and two different frames of
 * one sender for one round convict it. The relay can make no frame that counts: what doesn't open and verify is
 * dropped, and at most the time-out names who wasn't heard.
 *
 * Nobody is blamed for a payload that breaks the protocol before all others have confirmed that they saw the same
 * frames: by their frame of the next round, or by a report of this one, which each party also sends as its last frame.
 */
import { MalformedBytes } from '../codec.ts';
import { type Keep, ProtocolAbort, type Round, type Step } from '../protocol.ts';
import { Accusation, type Running } from './accusation.ts';
import type { Ending, Judgement } from './ending.ts';
import type { Output } from './exchange-output.ts';
import { HelloRound } from './hello-round.ts';
import { type Mail, Mailbox } from './mailbox.ts';
import {
  type AbortPayload,
  decodeAbort,
  encodeAbort,
  encodeReport,
  MAX_OWN_PAYLOAD_BYTES,
  maxHelloBytes,
  presentable,
} from './payloads.ts';
import { Reports } from './reports.ts';
import { Room, type RoomOptions } from './room.ts';
import { RoundLog } from './round-log.ts';
import { inRound, silence } from './silence.ts';
import { equalBytes, hashOfStatement, isSameStatement, NO_HASH, type SignedStatement } from './statement.ts';
import { wellFormed } from './well-formed.ts';

/** Somebody who may come, and how reasons call it. */
export type Candidate = RoomOptions['candidates'][number];

/** Who met, once all hellos are there. */
export interface Meeting {
  /** Positions among the candidates, ascending: the order of the parties in the protocol. */
  readonly parties: readonly number[];
  /** This party's position in `parties`. */
  readonly me: number;
  /** Each party's hello content, in the order of `parties`; this party's own included. */
  readonly hellos: readonly Uint8Array[];
  /** 32 bytes: the hash of all signed hellos, the same for all who met the same. */
  readonly session: Uint8Array;
}

export interface ExchangeOptions<Result> extends RoomOptions {
  /** This party's hello content: what it was asked for. The relay can't read it. */
  readonly hello: Uint8Array;
  /**
   * Compares what all were asked for, and starts the protocol.
   * @throws ProtocolAbort naming the field in which somebody differs; culprits are positions in `meeting.parties`
   * @throws MalformedBytes for a content that can't be read
   */
  readonly checkHellos: (meeting: Meeting) => Step<Result>;
  /** Fresh bytes from the kernel, in memory of their own. */
  readonly random: (length: number) => Uint8Array;
}

type Phase =
  | 'new'
  | 'hellos'
  /** The protocol runs. */
  | 'rounds'
  /** The protocol found a culprit; the others are to confirm what they saw. */
  | 'accusing'
  /** Somebody saw other frames; its report is awaited. */
  | 'dispute'
  | 'ended';

const MAX_ROUND = 1000;

export class Exchange<Result> {
  readonly #options: ExchangeOptions<Result>;
  readonly #room: Room;
  readonly #mailbox: Mailbox;
  readonly #hellos: HelloRound;

  #phase: Phase = 'new';
  #status: Output<Result>['status'] = 'waiting';
  #send: Uint8Array[] = [];
  #keep: Keep | undefined;
  #frames = 0;
  #dropped = 0;

  #running: Running | undefined;
  #round: Round<Result> | undefined;
  /** The broadcast waits until the host has stored what goes with it. */
  #isWaitingForKeep = false;
  #accusation: Accusation | undefined;
  /** Aborts of candidates whose hello isn't there yet, one of each. */
  readonly #earlyAborts = new Map<number, Mail>();
  /** Parties that told that they ended the operation. */
  readonly #gone = new Map<number, SignedStatement>();

  /** @throws RangeError for options that no honest host gives */
  constructor(options: ExchangeOptions<Result>) {
    this.#options = options;
    this.#room = new Room(options);
    const { payloadBytes } = this.#room.limits;
    if (options.hello.length > payloadBytes) throw new RangeError('a hello above the limit');
    this.#hellos = new HelloRound(this.#room);
    this.#mailbox = new Mailbox({
      me: options.me,
      candidates: this.#room.candidates,
      room: this.#room.idHash,
      payloadBytes: Math.max(maxHelloBytes(payloadBytes), MAX_OWN_PAYLOAD_BYTES),
      random: options.random,
    });
  }

  /** Frames of no use: not opened, not verified, out of place or above a limit. Repeated ones don't count. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Says hello. To be called once, when the room is joined. */
  start(): Output<Result> {
    if (this.#phase !== 'new') throw new Error('started twice');
    this.#phase = 'hellos';
    const { statement, payload } = this.#hellos.say(this.#options.hello, this.#mailbox.freshPublicKey);
    this.#send.push(this.#mailbox.sealKnock(statement, payload));
    this.#beginIfComplete();
    return this.look();
  }

  /**
   * Takes a frame of the room, in whatever order.
   * @param slot the relay's number of the member that it came from, 0 to size - 1; believed only so far that one member
   *   speaks for one identity
   * @param frame isn't kept; its memory may be reused
   */
  receive(slot: number, frame: Uint8Array): Output<Result> {
    if (this.#phase === 'new') throw new Error('received before the start');
    this.#receiveFrame(slot, frame);
    return this.look();
  }

  /** What `keep` asked for is durable: the broadcast that waited for it may leave. Without effect after the end. */
  kept(): Output<Result> {
    if (this.#phase !== 'ended') {
      if (!this.#isWaitingForKeep || this.#keep !== undefined) throw new Error('nothing was to be kept');
      this.#isWaitingForKeep = false;
      // After a dispute began there is no round any more.
      if (this.#round !== undefined) this.#release(this.#round);
    }
    return this.look();
  }

  /** The host's time is up: ends the operation and names whose frames are missing. */
  timeOut(): Output<Result> {
    const accusation = this.#phase === 'accusing' ? this.#accusation : undefined;
    const awaited = this.#phase === 'dispute' ? 'reports' : this.#isWaitingForKeep ? 'keep' : 'frames';
    this.#conclude(silence(this.#room, this.#hellos, this.#running, accusation ?? awaited));
    return this.look();
  }

  /**
   * Ends the operation, if it hasn't ended.
   * @param reason for the other parties to read; no secrets
   */
  abandon(reason = 'the operation was abandoned'): Output<Result> {
    this.#conclude({ cause: 'abandoned', reason });
    return this.look();
  }

  /** Where it stands, with what hasn't been handed out yet. */
  look(): Output<Result> {
    const send = this.#send;
    const keep = this.#keep;
    this.#send = [];
    this.#keep = undefined;
    return { send, ...(keep === undefined ? {} : { keep }), status: this.#status };
  }

  #receiveFrame(slot: number, frame: Uint8Array): void {
    if (this.#phase === 'ended') return;
    this.#frames += 1;
    const judgement = this.#judgeFrame(slot, frame);
    if (judgement === 'dropped') this.#dropped += 1;
    else if (judgement !== 'taken') this.#conclude(judgement);
    else this.#proceed();
  }

  #judgeFrame(slot: number, frame: Uint8Array): Judgement {
    const isBounded = this.#frames <= this.#room.limits.frames && frame.length <= this.#mailbox.frameBytes;
    if (!isBounded || !Number.isInteger(slot) || slot < 0 || slot >= this.#room.size) return 'dropped';
    const parsed = wellFormed(() => this.#mailbox.parse(frame));
    if (parsed === undefined) return 'dropped';
    if (parsed.kind === 'knock') {
      const mail = this.#mailbox.openKnock(parsed);
      if (mail?.statement.kind === 'hello') return this.#hellos.receive(slot, mail);
      return mail?.statement.kind === 'abort' ? this.#receiveAbort(mail) : 'dropped';
    }
    if (this.#running === undefined) return this.#hellos.holdBack(slot, frame);
    const sender = this.#hellos.candidateOf(slot);
    const mail = sender === undefined ? undefined : this.#mailbox.openRound(sender, parsed);
    if (mail === undefined || !equalBytes(mail.statement.operation, this.#room.operationHash)) return 'dropped';
    if (mail.statement.kind === 'round') return this.#receiveRound(this.#running, mail);
    return mail.statement.kind === 'report' ? this.#running.reports.receive(mail) : 'dropped';
  }

  #receiveRound({ log }: Running, { candidate, statement, payload }: Mail): Judgement {
    const { round } = statement;
    const known = log.find(round, candidate);
    if (known !== undefined && isSameStatement(known.statement, statement)) {
      if (known.payload !== undefined || round <= log.completed) return 'taken';
    }
    // Whoever met others speaks of another session, but only until it is known that all met the same.
    const isOtherMeeting = round === 1 && log.completed === 0 && equalBytes(statement.session, statement.previous);
    if (!equalBytes(statement.session, log.session) && !isOtherMeeting) return 'dropped';
    const contradiction = this.#room.witness(candidate, statement);
    if (contradiction !== undefined) return contradiction;
    if (round <= log.completed || round > log.completed + 2) return 'dropped';
    const { payloadBytes, bufferedBytes } = this.#room.limits;
    const isTooMuch = round > log.completed + 1 && log.bytesAhead + payload.length > bufferedBytes;
    if (payload.length > payloadBytes || isTooMuch) return 'dropped';
    log.add(candidate, statement, payload);
    return 'taken';
  }

  #receiveAbort(mail: Mail): Judgement {
    const { candidate, statement } = mail;
    if (candidate === this.#room.me || this.#gone.has(candidate)) return 'taken';
    const hello = this.#hellos.of(candidate);
    if (hello === undefined) {
      this.#earlyAborts.set(candidate, mail);
      return 'taken';
    }
    const payload = wellFormed(() => decodeAbort(mail.payload));
    // Of this hello: an abort that the relay kept of an earlier use of the room's id ends nothing.
    const isOfHello =
      equalBytes(statement.session, hashOfStatement(hello.statement)) &&
      equalBytes(statement.operation, this.#room.operationHash);
    return payload === undefined || !isOfHello ? 'dropped' : this.#judgeAbort(candidate, statement, payload);
  }

  #judgeAbort(candidate: number, statement: SignedStatement, { proof, reason }: AbortPayload): Judgement {
    const name = this.#room.nameOf(candidate);
    if (proof !== undefined && this.#room.isProven(proof, this.#running?.log.session)) {
      const culprit = this.#room.nameOf(proof.candidate);
      return {
        cause: 'equivocation',
        culprits: [proof.candidate],
        reason: `${culprit} signed different frames for one round, as ${name} shows`,
        proof,
      };
    }
    this.#gone.set(candidate, statement);
    if (this.#phase === 'accusing' || this.#phase === 'dispute') return 'taken';
    return { cause: 'peer_aborted', gaveUp: candidate, reason: `${name} gave up: ${reason}` };
  }

  /** Does what the frames that are here allow. */
  #proceed(): void {
    this.#beginIfComplete();
    if (this.#running === undefined) return;
    const { log } = this.#running;
    if ((this.#phase === 'rounds' || this.#phase === 'accusing') && log.claimants().length > 0) this.#dispute();
    if (this.#phase === 'dispute') this.#settleIfHopeless(log);
    if (this.#phase === 'accusing') this.#conclude(this.#accusation?.verdict(this.#running));
    if (this.#phase !== 'rounds' || this.#round === undefined) return;
    // This party's own frame is missing, too, as long as the host hasn't stored what goes with it.
    if (log.missing().length > 0) return;
    const broadcasts = log.complete();
    // Somebody's frame of the next round may have been waiting for this one's end.
    if (log.claimants().length > 0) {
      this.#proceed();
      return;
    }
    const current = this.#round;
    this.#round = undefined;
    this.#take(() => current.next(broadcasts));
  }

  #beginIfComplete(): void {
    for (const [candidate, mail] of this.#earlyAborts) {
      if (this.#hellos.of(candidate) === undefined) continue;
      this.#earlyAborts.delete(candidate);
      const judgement = this.#receiveAbort(mail);
      if (typeof judgement === 'object') this.#conclude(judgement);
    }
    if (this.#phase !== 'hellos') return;
    const hellos = this.#hellos.close();
    if (hellos === undefined) return;
    const parties = hellos.map(({ candidate }) => candidate);
    this.#mailbox.connect(hellos, this.#room.me);
    const log = new RoundLog(
      parties,
      hellos.map(({ statement }) => statement),
    );
    this.#running = { log, reports: new Reports(this.#room, log), gone: this.#gone };
    this.#phase = 'rounds';
    const meeting: Meeting = {
      parties,
      me: parties.indexOf(this.#room.me),
      hellos: hellos.map(({ content }) => content),
      session: log.session,
    };
    this.#take(() => this.#options.checkHellos(meeting));
    for (const { slot, frame } of this.#hellos.takeHeldBack()) this.#receiveFrame(slot, frame);
  }

  /** Runs the protocol's code for the next step. */
  #take(next: () => Step<Result>): void {
    let step: Step<Result>;
    try {
      step = next();
    } catch (error) {
      if (error instanceof ProtocolAbort) this.#accuse(error);
      else if (error instanceof MalformedBytes) this.#conclude({ cause: 'refused', reason: 'a hello is malformed' });
      else this.#conclude(internal(error));
      return;
    }
    if (step.kind === 'finished') {
      this.#finish(step.result);
      return;
    }
    this.#round = step;
    this.#keep = step.keep;
    if (step.broadcast.length > this.#room.limits.payloadBytes || (this.#running?.log.completed ?? 0) >= MAX_ROUND) {
      this.#conclude(internal(new RangeError('a protocol above the bounds of the exchange')));
    } else if (step.keep === undefined) {
      this.#release(step);
    } else {
      this.#isWaitingForKeep = true;
    }
  }

  #release({ broadcast }: Round<Result>): void {
    if (this.#running === undefined) throw new Error('released before the hellos');
    const { log } = this.#running;
    const head = { kind: 'round', round: log.completed + 1, session: log.session, previous: log.lastHash } as const;
    const statement = this.#room.sign(head, broadcast);
    log.add(this.#room.me, statement, broadcast);
    this.#sendRound(statement, broadcast);
    this.#proceed();
  }

  #finish(result: Result): void {
    // This party needs nothing more; others may need it to confirm an accusation or to convict a liar.
    this.#report();
    this.#status = { done: result };
    this.#phase = 'ended';
    this.#mailbox.erase();
  }

  // Blame

  /** The protocol can't go on. */
  #accuse(abort: ProtocolAbort): void {
    if (this.#running === undefined) throw new Error('accused before the hellos');
    const { log } = this.#running;
    const accusation = new Accusation(this.#room, abort, log.parties);
    if (accusation.culprits.length === 0) {
      this.#conclude({ cause: log.completed === 0 ? 'refused' : 'protocol', reason: abort.message });
      return;
    }
    this.#accusation = accusation;
    this.#phase = 'accusing';
    this.#report();
    this.#proceed();
  }

  #dispute(): void {
    this.#phase = 'dispute';
    this.#abandonRound();
    this.#report();
  }

  #settleIfHopeless(log: RoundLog): void {
    const claimants = log.claimants();
    if (!claimants.every((party) => this.#gone.has(party))) return;
    const reason = `${this.#room.namesOf(claimants)} saw other frames ${inRound(log)} and gave up without showing them`;
    this.#conclude({ cause: 'disagreement', reason });
  }

  /** Tells the others what was seen of the last complete round, and what is here of the next. */
  #report(): void {
    if (this.#running === undefined) return;
    const { log } = this.#running;
    const round = log.completed;
    const payload = encodeReport({ seen: log.shown(round), next: log.shown(round + 1) });
    const head = { kind: 'report', round, session: log.session, previous: log.lastHash } as const;
    this.#sendRound(this.#room.sign(head, payload), payload);
  }

  #sendRound(statement: SignedStatement, payload: Uint8Array): void {
    const frame = this.#mailbox.sealRound(statement, payload);
    if (frame !== undefined) this.#send.push(frame);
  }

  // Ends

  #conclude(conclusion: Ending | undefined): void {
    if (this.#phase === 'ended' || conclusion === undefined) return;
    const { proof, ...ending } = conclusion;
    const reason = presentable(ending.reason);
    const own = this.#hellos.of(this.#room.me);
    if (own !== undefined) {
      const payload = encodeAbort({ cause: ending.cause, reason, proof });
      const { log } = this.#running ?? {};
      const statement = this.#room.sign(
        {
          kind: 'abort',
          round: log === undefined ? 0 : log.completed + 1,
          session: hashOfStatement(own.statement),
          previous: log?.lastHash ?? NO_HASH,
        },
        payload,
      );
      this.#send.push(this.#mailbox.sealKnock(statement, payload));
    }
    this.#status = { aborted: { culprits: [], silent: [], gaveUp: undefined, error: undefined, ...ending, reason } };
    this.#phase = 'ended';
    this.#abandonRound();
    this.#mailbox.erase();
  }

  #abandonRound(): void {
    this.#round?.abandon();
    this.#round = undefined;
    // The host hasn't seen it, so that nobody else would wipe it.
    if (this.#keep?.kind === 'pending') this.#keep.secret.fill(0);
    this.#keep = undefined;
  }
}

function internal(error: unknown): Ending {
  return { cause: 'internal', reason: 'an internal error', error };
}
