/**
 * What the relay carries: opaque, and bounded before anything in it is believed. A frame's body, a statement and its
 * payload, is encrypted once under a key of its own, and that key is sealed to each recipient, so that a broadcast is
 * as long as its payload however many receive it. That one ciphertext might open to different bodies under different
 * keys gives the sender no more than it could do with a ciphertext for each: the parties compare statements, not frames.
 *
 *     version u8 | 0 u8 | salt 32 | count u32 | count times (hint 16 | sealed key 48) | length u32 | sealed body
 *     version u8 | 1 u8 | sequence u32        | count u32 | count times (sealed key 48) | length u32 | sealed body
 *
 * The first is a knock, sealed by the parties' lasting channel keys alone: hellos travel in it, and what has to be
 * readable at any time. A recipient finds its box by the hint, so that parties which were given different lists of
 * parties can still tell each other. The second goes through the room's channels; its boxes are in party order,
 * without the sender. Integers are little-endian.
 */

import { taggedHash } from '@countersign/algorithms/tagged-hash';
import {
  bytes,
  type Codec,
  type Decoded,
  decode,
  encode,
  fixed,
  list,
  MalformedBytes,
  struct,
  u8,
  u32,
  variants,
} from '../codec.ts';
import { AEAD_KEY_BYTES, AEAD_TAG_BYTES, openBox, sealBox } from './aead.ts';
import { MAX_PARTIES } from './exchange-limits.ts';
import {
  encodeStatement,
  isPayloadOf,
  parseStatement,
  SIGNED_STATEMENT_BYTES,
  type SignedStatement,
} from './statement.ts';
import { wellFormed } from './well-formed.ts';

export const SALT_BYTES = 32;
export const HINT_BYTES = 16;
export const SEALED_KEY_BYTES = AEAD_KEY_BYTES + AEAD_TAG_BYTES;
const VERSION = 1;
const version: Codec<number> = {
  write: u8.write,
  read: (from) => {
    const found = u8.read(from);
    if (found !== VERSION) throw new MalformedBytes('version');
    return found;
  },
};
const BODY_KEY_TAG = 'countersign/exchange/v1/body-key';
/** A body key is used for one body. */
const BODY_SEQUENCE = 0;

export interface Knock {
  readonly salt: Uint8Array;
  readonly boxes: readonly { readonly hint: Uint8Array; readonly sealedKey: Uint8Array }[];
  readonly body: Uint8Array;
}

export interface RoundFrame {
  readonly sequence: number;
  readonly boxes: readonly Uint8Array[];
  readonly body: Uint8Array;
}

export type Frame = ({ readonly kind: 'knock' } & Knock) | ({ readonly kind: 'round' } & RoundFrame);

export interface FrameFormat {
  /** The longest frame. */
  readonly frameBytes: number;
  encode(frame: Frame): Buffer;
  /** Members are views of `bytes`. @throws MalformedBytes */
  decode(bytes: Uint8Array): Frame;
}

/** @param payloadBytes the longest payload */
export function frameFormat(payloadBytes: number): FrameFormat {
  const body = bytes(SIGNED_STATEMENT_BYTES + payloadBytes + AEAD_TAG_BYTES);
  const sealedKey = fixed(SEALED_KEY_BYTES);
  const box = struct<Knock['boxes'][number]>({ hint: fixed(HINT_BYTES), sealedKey });
  const content = variants({
    knock: struct<Knock>({ salt: fixed(SALT_BYTES), boxes: list(box, MAX_PARTIES), body }),
    round: struct<RoundFrame>({ sequence: u32, boxes: list(sealedKey, MAX_PARTIES), body }),
  });
  const frame: Codec<{ version: number; content: Decoded<typeof content> }> = struct({ version, content });
  return {
    frameBytes:
      2 +
      SALT_BYTES +
      4 +
      MAX_PARTIES * (HINT_BYTES + SEALED_KEY_BYTES) +
      4 +
      SIGNED_STATEMENT_BYTES +
      payloadBytes +
      AEAD_TAG_BYTES,
    encode: (value) => encode(frame, { version: VERSION, content: value }),
    decode: (encoded) => decode(frame, encoded).content,
  };
}

export interface SealedBody {
  /** 32 secret bytes, to be sealed to each recipient and wiped. */
  readonly key: Buffer;
  readonly body: Buffer;
}

/**
 * @param fresh 32 random bytes. The key depends on what is said as well, so that a repeated generator (a cloned
 * machine) doesn't encrypt two bodies under one key.
 */
export function sealBody(statement: SignedStatement, payload: Uint8Array, fresh: Uint8Array): SealedBody {
  const encoded = encodeStatement(statement);
  const key = taggedHash(BODY_KEY_TAG, fresh, encoded);
  const plain = Buffer.concat([encoded, payload]);
  const body = sealBox(key, BODY_SEQUENCE, plain);
  plain.fill(0);
  return { key, body };
}

/** Undefined for what doesn't open, or whose payload isn't the statement's. The signature remains to be verified. */
export function openBody(
  key: Uint8Array,
  body: Uint8Array,
): { readonly statement: SignedStatement; readonly payload: Buffer } | undefined {
  const plain = openBox(key, BODY_SEQUENCE, body);
  if (plain === undefined || plain.length < SIGNED_STATEMENT_BYTES) return undefined;
  const statement = wellFormed(() => parseStatement(plain.subarray(0, SIGNED_STATEMENT_BYTES)));
  const payload = plain.subarray(SIGNED_STATEMENT_BYTES);
  return statement !== undefined && isPayloadOf(statement, payload) ? { statement, payload } : undefined;
}
