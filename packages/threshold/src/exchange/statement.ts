/**
 * What a party signs for every frame: who says what in which round of which room, and what it saw of the round before.
 * It holds the hash of the payload instead of the payload, so that statements are small enough to be shown to others
 * as evidence.
 */

import { taggedHash } from '@countersign/algorithms/tagged-hash';
import { decode, encode, fixed, MalformedBytes, struct, u8, u16, word } from '../codec.ts';
import { type IdentitySecret, type PublicIdentity, SIGNATURE_BYTES } from './identity.ts';

export interface Statement {
  /** 1. */
  readonly version: number;
  readonly kind: 'hello' | 'round' | 'report' | 'abort';
  /** hello: 0; round: 1 and up; report: the round reported on; abort: the round that the sender was in. */
  readonly round: number;
  /** Hash of the room's id. */
  readonly room: Uint8Array;
  /** Hash of the operation's name. */
  readonly operation: Uint8Array;
  /** The sender's identity key. */
  readonly sender: Uint8Array;
  /**
   * hello: the sender's fresh channel key; round, report: the hash of all hellos; abort: the hash of the sender's own
   * hello. An honest party makes one fresh key for one hello, and at most one frame for a round of one set of hellos:
   * two different statements with the same session show a lie.
   */
  readonly session: Uint8Array;
  /**
   * round: hash of all statements of the round before; report: of the round reported on; abort: of the last round that
   * the sender has complete. hello, and an abort without such a round: zeros.
   */
  readonly previous: Uint8Array;
  readonly payloadHash: Uint8Array;
}

/** A statement as it travels; `bytes` is what the signature covers. */
export interface SignedStatement extends Statement {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

const VERSION = 1;
const HASH_BYTES = 32;
const STATEMENT_BYTES = 1 + 1 + 2 + 6 * HASH_BYTES;
export const SIGNED_STATEMENT_BYTES = STATEMENT_BYTES + SIGNATURE_BYTES;
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

const STATEMENT_TAG = 'countersign/exchange/v1/statement';
const PAYLOAD_TAG = 'countersign/exchange/v1/payload';
const ROUND_TAG = 'countersign/exchange/v1/round';

const hash = fixed(HASH_BYTES);
const statementCodec = struct<Statement>({
  version: u8,
  kind: word(['hello', 'round', 'report', 'abort']),
  round: u16,
  room: hash,
  operation: hash,
  sender: hash,
  session: hash,
  previous: hash,
  payloadHash: hash,
});

export function signStatement(
  me: IdentitySecret,
  parts: Omit<Statement, 'version' | 'sender' | 'payloadHash'>,
  payload: Uint8Array,
): SignedStatement {
  const statement = {
    ...parts,
    version: VERSION,
    sender: me.public.identityKey,
    payloadHash: taggedHash(PAYLOAD_TAG, payload),
  };
  const bytes = encode(statementCodec, statement);
  return { ...statement, bytes, signature: me.sign(STATEMENT_TAG, bytes) };
}

/**
 * Reads without verifying; memory of its own.
 * @param encoded `SIGNED_STATEMENT_BYTES`
 * @throws MalformedBytes
 */
export function parseStatement(encoded: Uint8Array): SignedStatement {
  if (encoded.length !== SIGNED_STATEMENT_BYTES) throw new MalformedBytes('statement');
  const copy = Uint8Array.from(encoded);
  const bytes = copy.subarray(0, STATEMENT_BYTES);
  const statement = decode(statementCodec, bytes);
  if (statement.version !== VERSION) throw new MalformedBytes('version');
  return { ...statement, bytes, signature: copy.subarray(STATEMENT_BYTES) };
}

export function encodeStatement(signed: SignedStatement): Buffer {
  return Buffer.concat([signed.bytes, signed.signature]);
}

/** Whether `signer` said it. */
export function isSignedBy(signed: SignedStatement, signer: PublicIdentity): boolean {
  return (
    equalBytes(signed.sender, signer.identityKey) && signer.verifies(signed.signature, STATEMENT_TAG, signed.bytes)
  );
}

export function isPayloadOf(signed: SignedStatement, payload: Uint8Array): boolean {
  return equalBytes(signed.payloadHash, taggedHash(PAYLOAD_TAG, payload));
}

/** The same statement; a second signature on it is no second statement. */
export function isSameStatement(a: SignedStatement, b: SignedStatement): boolean {
  return equalBytes(a.bytes, b.bytes);
}

/**
 * Whether the two, both validly signed, convict their sender: different frames for one round of one session. Reports
 * and aborts aren't part of what the parties agree on.
 */
export function areContradictory(a: SignedStatement, b: SignedStatement): boolean {
  return (
    (a.kind === 'hello' || a.kind === 'round') &&
    a.kind === b.kind &&
    a.round === b.round &&
    equalBytes(a.sender, b.sender) &&
    equalBytes(a.room, b.room) &&
    equalBytes(a.session, b.session) &&
    !isSameStatement(a, b)
  );
}

/** What a party saw of a round: the statements in party order. Signatures aren't in it, since one may be made anew. */
export function hashOfRound(statements: readonly SignedStatement[]): Uint8Array {
  return taggedHash(ROUND_TAG, ...statements.map((statement) => statement.bytes));
}

export function hashOfStatement(statement: SignedStatement): Uint8Array {
  return hashOfRound([statement]);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
