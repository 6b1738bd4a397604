import type { ExchangeOptions } from '../../src/exchange/exchange.ts';
import { HelloRound } from '../../src/exchange/hello-round.ts';
import { type Mail, Mailbox } from '../../src/exchange/mailbox.ts';
import { type AbortPayload, encodeAbort, encodeReport, type ReportPayload } from '../../src/exchange/payloads.ts';
import { Room } from '../../src/exchange/room.ts';
import {
  hashOfRound,
  hashOfStatement,
  NO_HASH,
  type SignedStatement,
  type Statement,
  signStatement,
} from '../../src/exchange/statement.ts';

/** A party that holds its keys and says whatever the test makes it say. */
export class HandMadeParty {
  readonly room: Room;
  readonly mailbox: Mailbox;
  readonly hello: { readonly statement: SignedStatement; readonly payload: Buffer };
  readonly #options: ExchangeOptions<string>;
  readonly #hellos: HelloRound;
  /** Frames of rounds and reports that it has received. */
  readonly mail: Mail[] = [];
  session: Uint8Array = NO_HASH;
  met: readonly SignedStatement[] = [];

  constructor(options: ExchangeOptions<string>) {
    this.#options = options;
    this.room = new Room(options);
    this.mailbox = new Mailbox({
      me: options.me,
      candidates: this.room.candidates,
      room: this.room.idHash,
      payloadBytes: 2 * 1024 * 1024,
      random: options.random,
    });
    this.#hellos = new HelloRound(this.room);
    this.hello = this.#hellos.say(options.hello, this.mailbox.freshPublicKey);
  }

  helloFrame(): Uint8Array {
    return this.mailbox.sealKnock(this.hello.statement, this.hello.payload);
  }

  receive(slot: number, frame: Uint8Array): void {
    const parsed = this.mailbox.parse(frame);
    if (parsed.kind === 'round') {
      const candidate = this.#hellos.candidateOf(slot);
      const mail = candidate === undefined ? undefined : this.mailbox.openRound(candidate, parsed);
      if (mail !== undefined) this.mail.push(mail);
      return;
    }
    const mail = this.mailbox.openKnock(parsed);
    if (mail?.statement.kind !== 'hello') return;
    this.#hellos.receive(slot, mail);
    const hellos = this.#hellos.close();
    if (hellos === undefined) return;
    this.met = hellos.map(({ statement }) => statement);
    this.session = hashOfRound(this.met);
    this.mailbox.connect(hellos, this.room.me);
  }

  sign(head: Pick<Statement, 'kind' | 'round' | 'session' | 'previous'>, payload: Uint8Array): SignedStatement {
    const { idHash: room, operationHash: operation } = this.room;
    return signStatement(this.#options.me, { ...head, room, operation }, payload);
  }

  roundFrame(round: number, previous: Uint8Array, payload: Uint8Array): Uint8Array {
    return this.#seal(this.sign({ kind: 'round', round, session: this.session, previous }, payload), payload);
  }

  reportFrame(round: number, previous: Uint8Array, report: ReportPayload): Uint8Array {
    const payload = encodeReport(report);
    return this.#seal(this.sign({ kind: 'report', round, session: this.session, previous }, payload), payload);
  }

  abortFrame(parts: AbortPayload, round = 1, previous = this.session): Uint8Array {
    const payload = encodeAbort(parts);
    const session = hashOfStatement(this.hello.statement);
    return this.mailbox.sealKnock(this.sign({ kind: 'abort', round, session, previous }, payload), payload);
  }

  #seal(statement: SignedStatement, payload: Uint8Array): Uint8Array {
    const frame = this.mailbox.sealRound(statement, payload);
    if (frame === undefined) throw new Error('nobody to send to');
    return frame;
  }
}
