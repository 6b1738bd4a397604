/** What the frames of the exchange itself carry beside their statements. */
import { bytes, type Codec, decode, encode, fixed, list, optional, struct, text, u8, word } from '../codec.ts';
import { MAX_OPERATION_BYTES, MAX_PARTIES, MAX_REASON_LENGTH } from './exchange-limits.ts';
import { encodeStatement, parseStatement, SIGNED_STATEMENT_BYTES, type SignedStatement } from './statement.ts';

/** The fresh channel key is the statement's `session`. */
export interface HelloPayload {
  readonly operation: string;
  readonly size: number;
  /** Hash of all identities that the sender was told to work with, in order. */
  readonly candidates: Uint8Array;
  /** What the operation says of itself. */
  readonly content: Uint8Array;
}

/** A party's statement as somebody shows it. */
export interface ShownStatement {
  /** Position among the candidates. */
  readonly candidate: number;
  readonly statement: SignedStatement;
}

/** What a party saw of a round, and what it has of the next. */
export interface ReportPayload {
  readonly seen: readonly ShownStatement[];
  readonly next: readonly ShownStatement[];
}

export const ABORT_CAUSES = [
  'refused',
  'protocol',
  'equivocation',
  'disagreement',
  'silence',
  'peer_aborted',
  'identity_twice',
  'abandoned',
  'internal',
] as const;
export type AbortCause = (typeof ABORT_CAUSES)[number];

export interface AbortPayload {
  readonly cause: AbortCause;
  readonly reason: string;
  /** Two statements that contradict each other, which convince everybody by themselves. */
  readonly proof: ContradictionProof | undefined;
}

export interface ContradictionProof {
  readonly candidate: number;
  readonly one: SignedStatement;
  readonly other: SignedStatement;
}

const HELLO_OVERHEAD_BYTES = 4 + MAX_OPERATION_BYTES + 1 + 32 + 4;
/** The longest payload of reports and aborts. */
export const MAX_OWN_PAYLOAD_BYTES = 8 + 2 * MAX_PARTIES * (1 + SIGNED_STATEMENT_BYTES) + 4 * MAX_REASON_LENGTH;

const signedStatement: Codec<SignedStatement> = {
  write: (value, out) => out.reserve(SIGNED_STATEMENT_BYTES).set(encodeStatement(value)),
  read: (from) => parseStatement(from.take(SIGNED_STATEMENT_BYTES)),
};
const shown = struct<ShownStatement>({ candidate: u8, statement: signedStatement });
const report = struct<ReportPayload>({ seen: list(shown, MAX_PARTIES), next: list(shown, MAX_PARTIES) });
const abort = struct<AbortPayload>({
  cause: word(ABORT_CAUSES),
  reason: text(4 * MAX_REASON_LENGTH),
  proof: optional(struct<ContradictionProof>({ candidate: u8, one: signedStatement, other: signedStatement })),
});

function hello(contentBytes: number): Codec<Readonly<HelloPayload>> {
  return struct<HelloPayload>({
    operation: text(MAX_OPERATION_BYTES),
    size: u8,
    candidates: fixed(32),
    content: bytes(contentBytes),
  });
}

/** @param contentBytes the longest content */
export function encodeHello(payload: HelloPayload, contentBytes: number): Buffer {
  return encode(hello(contentBytes), payload);
}

/** `content` is a view of `encoded`. @throws MalformedBytes */
export function decodeHello(encoded: Uint8Array, contentBytes: number): HelloPayload {
  return decode(hello(contentBytes), encoded);
}

export function maxHelloBytes(contentBytes: number): number {
  return HELLO_OVERHEAD_BYTES + contentBytes;
}

export function encodeReport(payload: ReportPayload): Buffer {
  return encode(report, payload);
}

/** @throws MalformedBytes */
export function decodeReport(encoded: Uint8Array): ReportPayload {
  return decode(report, encoded);
}

/** The reason is cut to its length. */
export function encodeAbort(payload: AbortPayload): Buffer {
  return encode(abort, { ...payload, reason: presentable(payload.reason) });
}

/** @throws MalformedBytes */
export function decodeAbort(encoded: Uint8Array): AbortPayload {
  const payload = decode(abort, encoded);
  return { ...payload, reason: presentable(payload.reason) };
}

/** Fit for a log line: no control or formatting characters, which another server could forge lines with, and short. */
export function presentable(reason: string): string {
  const plain = reason.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  if (plain.length <= MAX_REASON_LENGTH) return plain;
  // The first half of a pair, cut apart, is replaced as well.
  return `${plain.slice(0, MAX_REASON_LENGTH - 3)}...`.toWellFormed();
}
