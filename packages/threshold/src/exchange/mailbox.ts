import type { KeyObject } from 'node:crypto';
import { openBox, sealBox } from './aead.ts';
import { type Channel, openChannel } from './channel.ts';
import { type Frame, frameFormat, openBody, SALT_BYTES, sealBody } from './frame.ts';
import type { IdentitySecret, PublicIdentity } from './identity.ts';
import { KnockKeys } from './knock-keys.ts';
import { equalBytes, isSignedBy, type SignedStatement } from './statement.ts';
import { x25519PrivateKey, x25519PublicBytes } from './x25519.ts';

/** A knock's key seals one box. */
const KNOCK_SEQUENCE = 0;
const MAX_SEQUENCE = 2 ** 32 - 1;

export interface MailboxOptions {
  readonly me: IdentitySecret;
  /** All that may be met, this party included. */
  readonly candidates: readonly PublicIdentity[];
  /** The hash of the room's id. */
  readonly room: Uint8Array;
  /** The longest payload, of whatever kind. */
  readonly payloadBytes: number;
  readonly random: (length: number) => Uint8Array;
}

/** A statement that its sender signed, with its payload. */
export interface Mail {
  readonly candidate: number;
  readonly statement: SignedStatement;
  readonly payload: Buffer;
}

/** One party's keys in one room: seals its frames, opens the others', and says nothing about what they mean. */
export class Mailbox {
  readonly freshPublicKey: Uint8Array;
  readonly frameBytes: number;
  readonly #options: MailboxOptions;
  readonly #format: ReturnType<typeof frameFormat>;
  readonly #knockKeys: KnockKeys;
  readonly #channels = new Map<number, Channel>();
  #freshKey: KeyObject | undefined;
  #parties: readonly number[] = [];
  #me = -1;
  #sequence = 0;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#format = frameFormat(options.payloadBytes);
    this.frameBytes = this.#format.frameBytes;
    this.#knockKeys = new KnockKeys(options.me, options.candidates, options.room);
    const secret = this.#random(32);
    this.#freshKey = x25519PrivateKey(secret);
    secret.fill(0);
    this.freshPublicKey = x25519PublicBytes(this.#freshKey);
  }

  /** @throws MalformedBytes */
  parse(frame: Uint8Array): Frame {
    return this.#format.decode(frame);
  }

  /** A frame that every candidate can open, without a channel. */
  sealKnock(statement: SignedStatement, payload: Uint8Array): Uint8Array {
    const salt = this.#random(SALT_BYTES);
    const { key, body } = sealBody(statement, payload, this.#random(32));
    const boxes = this.#options.candidates.map((_, candidate) => {
      const knockKey = this.#knockKeys.forRecipient(candidate, salt);
      const sealedKey = sealBox(knockKey.key, KNOCK_SEQUENCE, key);
      knockKey.key.fill(0);
      return { hint: knockKey.hint, sealedKey };
    });
    key.fill(0);
    return this.#format.encode({ kind: 'knock', salt, boxes, body });
  }

  openKnock(knock: Frame & { readonly kind: 'knock' }): Mail | undefined {
    for (let candidate = 0; candidate < this.#options.candidates.length; candidate += 1) {
      const { hint, key } = this.#knockKeys.fromSender(candidate, knock.salt);
      const box = knock.boxes.find((each) => equalBytes(each.hint, hint));
      const bodyKey = box === undefined ? undefined : openBox(key, KNOCK_SEQUENCE, box.sealedKey);
      key.fill(0);
      if (bodyKey !== undefined) return this.#openBody(candidate, bodyKey, knock.body);
    }
    return undefined;
  }

  /**
   * Makes the channels and forgets the fresh secret.
   * @param hellos of all parties, in their order
   */
  connect(hellos: readonly { readonly candidate: number; readonly statement: SignedStatement }[], me: number): void {
    const { candidates, room } = this.#options;
    const myHello = hellos.find(({ candidate }) => candidate === me)?.statement;
    const myFreshKey = this.#freshKey;
    if (myHello === undefined || myFreshKey === undefined) throw new Error('connected twice, or without a hello');
    this.#me = me;
    this.#parties = hellos.map(({ candidate }) => candidate);
    for (const { candidate, statement: otherHello } of hellos) {
      const other = candidates[candidate];
      if (other === undefined) throw new Error('no such candidate');
      if (candidate === me) continue;
      this.#channels.set(
        candidate,
        openChannel({ me: this.#options.me, other, myFreshKey, room, myHello, otherHello }),
      );
    }
    this.#freshKey = undefined;
  }

  /** A frame for all other parties; undefined where there are none. */
  sealRound(statement: SignedStatement, payload: Uint8Array): Uint8Array | undefined {
    const recipients = this.#recipientsOf(this.#me);
    if (recipients.length === 0) return undefined;
    const sequence = this.#sequence;
    if (sequence >= MAX_SEQUENCE) throw new Error('too many frames in one room');
    this.#sequence += 1;
    const { key, body } = sealBody(statement, payload, this.#random(32));
    const boxes = recipients.map((recipient) => this.#channelTo(recipient).seal(sequence, key));
    key.fill(0);
    return this.#format.encode({ kind: 'round', sequence, boxes, body });
  }

  /** @param sender its position among the candidates */
  openRound(sender: number, frame: Frame & { readonly kind: 'round' }): Mail | undefined {
    const channel = this.#channels.get(sender);
    const recipients = this.#recipientsOf(sender);
    const box = frame.boxes[recipients.indexOf(this.#me)];
    if (channel === undefined || box === undefined || frame.boxes.length !== recipients.length) return undefined;
    const bodyKey = channel.open(frame.sequence, box);
    return bodyKey === undefined ? undefined : this.#openBody(sender, bodyKey, frame.body);
  }

  erase(): void {
    this.#freshKey = undefined;
    this.#knockKeys.erase();
    for (const channel of this.#channels.values()) channel.erase();
  }

  #openBody(candidate: number, bodyKey: Buffer, body: Uint8Array): Mail | undefined {
    const opened = openBody(bodyKey, body);
    bodyKey.fill(0);
    const sender = this.#options.candidates[candidate];
    if (opened === undefined || sender === undefined) return undefined;
    if (!equalBytes(opened.statement.room, this.#options.room) || !isSignedBy(opened.statement, sender))
      return undefined;
    return { candidate, ...opened };
  }

  #recipientsOf(sender: number): readonly number[] {
    return this.#parties.filter((party) => party !== sender);
  }

  #channelTo(party: number): Channel {
    const channel = this.#channels.get(party);
    if (channel === undefined) throw new Error('no channel to this party');
    return channel;
  }

  #random(length: number): Uint8Array {
    const random = this.#options.random(length);
    if (random.length !== length) throw new Error('randomness of the wrong length');
    return random;
  }
}
