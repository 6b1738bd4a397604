/**
 * The row after the signatures of a batch: one leaf for each item, in the order of the intent.
 *
 *   row     header, records
 *   record  status u8, key id 16, payload digest (length u8, bytes), signature digest (length u8: 32 or 0, bytes),
 *           extension (length u16, bytes; empty in version 1)
 *   leaf    version u8 = 1, type u8 = 3, SHA-256 of the header, index of the item u32, record
 */
import { DomainError } from '../domain-error.ts';
import type { KeyId } from '../ids.ts';
import type { OutcomeItem } from '../ports/signing-journal.ts';
import {
  type BatchHeader,
  ENTRY_TYPE,
  ENTRY_VERSION,
  MAX_HEADER_BYTES,
  readBatchHeader,
  writeBatchHeader,
} from './batch-header.ts';
import { FieldReader, malformed } from './byte-fields.ts';
import { MAX_PAYLOAD_DIGEST_BYTES } from './intent-entry.ts';
import { HASH_BYTES, sha256Into } from './tree-hash.ts';

/** `unknown`: the service, or a signer, ended between intent and outcome; a signature may exist. */
export const OUTCOME_STATUS = { signed: 1, failed: 2, unknown: 3 } as const satisfies Record<
  OutcomeItem['status'],
  number
>;
export type OutcomeStatus = OutcomeItem['status'];

// The longest record without an extension: status, key id, two lengths and digests, and the extension's length.
const RECORD_FIXED_BYTES = 1 + 16 + 1 + 1 + 2;
const KEY_VERSION_BYTES = 4;
const LEAF_PREFIX_BYTES = 1 + 1 + HASH_BYTES + 4;
/** Longest extension that keeps a leaf below the 65,535 bytes of a tlog-tiles entry bundle. */
const MAX_EXTENSION_BYTES = 65_000;

/**
 * The row of a batch's outcome, from its intent's row. `outcomeAt(i)` is the outcome of item i of the intent.
 * @throws DomainError `internal` for an outcome that breaks its contract, or a malformed intent
 */
export function encodeOutcome(
  intentBody: Uint8Array,
  outcomeAt: (index: number) => OutcomeItem | undefined,
  createdAtMs: number,
): Uint8Array {
  const intent = Buffer.from(intentBody.buffer, intentBody.byteOffset, intentBody.byteLength);
  const fields = new FieldReader(intent);
  const header = readBatchHeader(fields);
  if (header.type !== ENTRY_TYPE.intent) throw malformed();
  let from = fields.offset;
  // An intent's items hold key id and digest, so that its length bounds theirs here.
  const body = Buffer.allocUnsafe(
    MAX_HEADER_BYTES + intent.length + header.itemCount * (RECORD_FIXED_BYTES + HASH_BYTES),
  );
  let at = writeBatchHeader(body, { ...header, type: ENTRY_TYPE.outcome, createdAtMs });
  for (let i = 0; i < header.itemCount; i++) {
    const outcome = outcomeAt(i);
    if (outcome === undefined) throw new DomainError('internal', 'an outcome is missing');
    const digestAt = from + 16 + KEY_VERSION_BYTES;
    const digestEnd = digestAt + 1 + (intent[digestAt] ?? Number.POSITIVE_INFINITY);
    if (digestEnd > intent.length) throw malformed();
    body[at] = OUTCOME_STATUS[outcome.status];
    intent.copy(body, at + 1, from, from + 16);
    intent.copy(body, at + 17, digestAt, digestEnd);
    at += 17 + digestEnd - digestAt;
    from = digestEnd;
    const signatureDigest = outcome.signatureDigest;
    const signed = outcome.status === 'signed';
    if (signed !== (signatureDigest !== undefined) || (signed && signatureDigest?.length !== HASH_BYTES))
      throw new DomainError('internal', 'an outcome needs the SHA-256 of its signature, and only a signed one has it');
    body[at++] = signatureDigest?.length ?? 0;
    if (signatureDigest !== undefined) {
      body.set(signatureDigest, at);
      at += HASH_BYTES;
    }
    body[at++] = 0;
    body[at++] = 0;
  }
  return body.subarray(0, at);
}

/**
 * Hashes of all leaves of an outcome's row, 32 bytes each. Allocates per row, not per leaf.
 * @throws DomainError `internal` for a malformed row
 */
export function outcomeLeafHashes(row: Uint8Array): Uint8Array {
  const body = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  const fields = new FieldReader(body);
  const { type, itemCount } = readBatchHeader(fields);
  if (type !== ENTRY_TYPE.outcome || itemCount * RECORD_FIXED_BYTES > body.length) throw malformed();
  // Input of the leaf hash: 0x00 (RFC 6962), the prefix that all leaves share but for the index, the record.
  const inputStart = 1 + LEAF_PREFIX_BYTES;
  let input = Buffer.alloc(inputStart + RECORD_FIXED_BYTES + MAX_PAYLOAD_DIGEST_BYTES + HASH_BYTES);
  input[1] = ENTRY_VERSION;
  input[2] = ENTRY_TYPE.outcome;
  sha256Into(input, 3, body.subarray(0, fields.offset));
  const hashes = Buffer.allocUnsafe(itemCount * HASH_BYTES);
  let view = input;
  let at = fields.offset;
  for (let i = 0; i < itemCount; i++) {
    const end = recordEnd(body, at);
    if (inputStart + end - at > input.length)
      input = Buffer.concat([input], inputStart + RECORD_FIXED_BYTES + MAX_RECORD_VARIABLE_BYTES);
    if (view.length !== inputStart + end - at || view.buffer !== input.buffer)
      view = input.subarray(0, inputStart + end - at);
    input.writeUInt32BE(i, 1 + LEAF_PREFIX_BYTES - 4);
    body.copy(input, inputStart, at, end);
    sha256Into(hashes, i * HASH_BYTES, view);
    at = end;
  }
  if (at !== body.length) throw malformed();
  return hashes;
}

const MAX_RECORD_VARIABLE_BYTES = MAX_PAYLOAD_DIGEST_BYTES + HASH_BYTES + MAX_EXTENSION_BYTES;

/** Where the record that begins at `at` ends; checks all its lengths. */
function recordEnd(body: Buffer, at: number): number {
  const digestBytes = body[at + 17] ?? 0;
  const signatureAt = at + 18 + digestBytes;
  const signatureBytes = body[signatureAt] ?? 0;
  const extensionAt = signatureAt + 1 + signatureBytes;
  if (extensionAt + 2 > body.length) throw malformed();
  const extensionBytes = body.readUInt16BE(extensionAt);
  const end = extensionAt + 2 + extensionBytes;
  if (end > body.length || digestBytes > MAX_PAYLOAD_DIGEST_BYTES || extensionBytes > MAX_EXTENSION_BYTES)
    throw malformed();
  if (signatureBytes !== 0 && signatureBytes !== HASH_BYTES) throw malformed();
  return end;
}

export interface OutcomeRecord {
  readonly status: OutcomeStatus;
  readonly keyId: KeyId;
  readonly payloadDigest: Uint8Array;
  readonly signatureDigest: Uint8Array | undefined;
}

export interface DecodedOutcome {
  readonly header: BatchHeader;
  readonly records: readonly OutcomeRecord[];
}

/** The whole row; byte fields are views of `body`. @throws DomainError `internal` for a malformed row */
export function decodeOutcome(body: Uint8Array): DecodedOutcome {
  const fields = new FieldReader(body);
  const header = readBatchHeader(fields);
  if (header.type !== ENTRY_TYPE.outcome || header.itemCount * RECORD_FIXED_BYTES > body.length) throw malformed();
  const records = Array.from({ length: header.itemCount }, () => readRecord(fields));
  if (!fields.atEnd) throw malformed();
  return { header, records };
}

function readRecord(fields: FieldReader): OutcomeRecord {
  const status = STATUS_BY_CODE.get(fields.uint8());
  if (status === undefined) throw malformed();
  const keyId = fields.id() as KeyId;
  const digestBytes = fields.uint8();
  if (digestBytes > MAX_PAYLOAD_DIGEST_BYTES) throw malformed();
  const payloadDigest = fields.bytes(digestBytes);
  const signatureBytes = fields.uint8();
  if (signatureBytes !== (status === 'signed' ? HASH_BYTES : 0)) throw malformed();
  const signatureDigest = signatureBytes === 0 ? undefined : fields.bytes(signatureBytes);
  fields.bytes(fields.uint16());
  return { status, keyId, payloadDigest, signatureDigest };
}

const STATUS_BY_CODE: ReadonlyMap<number, OutcomeStatus> = new Map(
  Object.entries(OUTCOME_STATUS).map(([name, code]) => [code, name as OutcomeStatus]),
);
