import { hkdfSync, type KeyObject } from 'node:crypto';
import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { AEAD_KEY_BYTES, openBox, sealBox } from './aead.ts';
import type { IdentitySecret, PublicIdentity } from './identity.ts';
import type { SignedStatement } from './statement.ts';
import { parseX25519PublicKey, x25519 } from './x25519.ts';

const INFO = Buffer.from('countersign/exchange/v1/channel', 'utf8');
const SALT_TAG = 'countersign/exchange/v1/channel-salt';

/** One party's end of the way to one other party in one room. */
export interface Channel {
  /** @param sequence counts this party's frames in the room; used once */
  seal(sequence: number, plain: Uint8Array): Buffer;
  /** Undefined for what the other party didn't seal for this one under that sequence. */
  open(sequence: number, sealed: Uint8Array): Buffer | undefined;
  /** Wipes both keys. Nothing can be sealed or opened afterwards. */
  erase(): void;
}

export interface ChannelParts {
  readonly me: IdentitySecret;
  readonly other: PublicIdentity;
  /** Of this room only. */
  readonly myFreshKey: KeyObject;
  /** The hash of the room's id. */
  readonly room: Uint8Array;
  readonly myHello: SignedStatement;
  readonly otherHello: SignedStatement;
}

/**
 * One key per direction by HKDF-SHA256 over X25519(fresh, fresh) || X25519(lasting, lasting), salted by both signed
 * hellos. The fresh keys make what was said unreadable once the room is gone; the lasting ones keep it unreadable for
 * whoever knows only the fresh ones.
 * @throws RangeError for a fresh key of low order
 */
export function openChannel(parts: ChannelParts): Channel {
  const { me, other, room } = parts;
  const otherFreshKey = parseX25519PublicKey(parts.otherHello.session);
  if (otherFreshKey === undefined) throw new RangeError('not a fresh channel key');
  const fresh = x25519(parts.myFreshKey, otherFreshKey);
  const lasting = me.agree(other);
  const secret = Buffer.concat([fresh, lasting]);
  const hellos = [parts.myHello, parts.otherHello];
  // Both ends put the hellos into one order.
  hellos.sort((a, b) => Buffer.compare(a.sender, b.sender));
  const salt = taggedHash(SALT_TAG, ...hellos.map((hello) => hello.bytes));

  const keyOf = (sender: PublicIdentity, recipient: PublicIdentity): Buffer => {
    const info = Buffer.concat([INFO, room, sender.identityKey, recipient.identityKey]);
    return Buffer.from(hkdfSync('sha256', secret, salt, info, AEAD_KEY_BYTES));
  };
  const sealingKey = keyOf(me.public, other);
  const openingKey = keyOf(other, me.public);
  for (const used of [fresh, lasting, secret]) used.fill(0);

  let erased = false;
  let nextSequence = 0;
  return {
    seal: (sequence, plain) => {
      if (erased || sequence < nextSequence) throw new Error('channel erased, or a sequence used twice');
      nextSequence = sequence + 1;
      return sealBox(sealingKey, sequence, plain);
    },
    open: (sequence, sealed) => (erased ? undefined : openBox(openingKey, sequence, sealed)),
    erase: () => {
      erased = true;
      sealingKey.fill(0);
      openingKey.fill(0);
    },
  };
}
