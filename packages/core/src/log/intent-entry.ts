/**
 * The row before a signature: what may be signed, and what policy refused. One leaf for the whole batch.
 *
 *   row   header, items, refused items
 *   item  key id 16, key version u32, payload digest (length u8, bytes)
 *   refused item  key id 16, payload digest (length u8, bytes), code (length u8, ASCII)
 *   leaf  header, SHA-256 of (items, refused items); so it has the same size for a batch of any size
 *
 * A batch of which nothing may be signed has the type `refusal`; nothing follows it.
 */
import { DomainError } from '../domain-error.ts';
import type { KeyId } from '../ids.ts';
import type { Intent, IntentItem, RefusedItem } from '../ports/signing-journal.ts';
import { type BatchHeader, ENTRY_TYPE, MAX_HEADER_BYTES, readBatchHeader, writeBatchHeader } from './batch-header.ts';
import { FieldReader, malformed, writeId } from './byte-fields.ts';
import { HASH_BYTES, sha256Into } from './tree-hash.ts';

/** Longest `payloadDigest`: a SHA-512, or a message as short as one. */
export const MAX_PAYLOAD_DIGEST_BYTES = 64;
const MAX_CODE_CHARACTERS = 64;
const ITEM_FIXED_BYTES = 16 + 4 + 1;
const REFUSED_FIXED_BYTES = 16 + 1 + 1;

/** @throws DomainError `internal` for an intent that breaks its contract (no items, a digest that is too long) */
export function encodeIntent(intent: Intent, batchId: number, createdAtMs: number): Uint8Array {
  if (intent.items.length + intent.refused.length === 0) throw new DomainError('internal', 'an intent without items');
  const body = Buffer.allocUnsafe(bodyBytes(intent));
  let at = writeBatchHeader(body, {
    type: intent.items.length > 0 ? ENTRY_TYPE.intent : ENTRY_TYPE.refusal,
    batchId,
    accountId: intent.accountId,
    accountRevision: intent.accountRevision,
    principalId: intent.principalId,
    createdAtMs,
    itemCount: intent.items.length,
    refusedCount: intent.refused.length,
    dialect: intent.dialect,
  });
  for (const item of intent.items) {
    writeId(body, at, item.keyId);
    body.writeUInt32BE(item.keyVersion, at + 16);
    at = writeDigest(body, at + 20, item.payloadDigest);
  }
  for (const item of intent.refused) {
    writeId(body, at, item.keyId);
    at = writeDigest(body, at + 16, item.payloadDigest);
    body[at] = item.code.length;
    at += 1 + body.write(item.code, at + 1, 'latin1');
  }
  return body.subarray(0, at);
}

/** The data of the one leaf of an intent's or a refusal's row. @throws DomainError `internal` for a malformed row */
export function intentLeafData(body: Uint8Array): Uint8Array {
  const fields = new FieldReader(body);
  readBatchHeader(fields);
  const data = Buffer.allocUnsafe(fields.offset + HASH_BYTES);
  data.set(body.subarray(0, fields.offset));
  sha256Into(data, fields.offset, body.subarray(fields.offset));
  return data;
}

export interface DecodedIntent {
  readonly header: BatchHeader;
  readonly items: readonly IntentItem[];
  readonly refused: readonly RefusedItem[];
}

/** The whole row; byte fields are views of `body`. @throws DomainError `internal` for a malformed row */
export function decodeIntent(body: Uint8Array): DecodedIntent {
  const fields = new FieldReader(body);
  const header = readBatchHeader(fields);
  if (header.type === ENTRY_TYPE.outcome) throw malformed();
  if ((header.type === ENTRY_TYPE.refusal) !== (header.itemCount === 0)) throw malformed();
  // Counts come from the disk: an item has at least 18 bytes, so that a count can't ask for more than is there.
  if ((header.itemCount + header.refusedCount) * REFUSED_FIXED_BYTES > body.length) throw malformed();
  const items = Array.from({ length: header.itemCount }, () => ({
    keyId: fields.id() as KeyId,
    keyVersion: fields.uint32(),
    payloadDigest: readDigest(fields),
  }));
  const refused = Array.from({ length: header.refusedCount }, () => ({
    keyId: fields.id() as KeyId,
    payloadDigest: readDigest(fields),
    code: fields.shortText(),
  }));
  if (!fields.atEnd) throw malformed();
  return { header, items, refused };
}

function bodyBytes(intent: Intent): number {
  let bytes = MAX_HEADER_BYTES;
  for (const item of intent.items) bytes += ITEM_FIXED_BYTES + item.payloadDigest.length;
  for (const item of intent.refused) {
    if (item.code.length > MAX_CODE_CHARACTERS) throw new DomainError('internal', 'a refusal with an unknown code');
    bytes += REFUSED_FIXED_BYTES + item.payloadDigest.length + item.code.length;
  }
  return bytes;
}

function writeDigest(body: Buffer, at: number, digest: Uint8Array): number {
  if (digest.length > MAX_PAYLOAD_DIGEST_BYTES) throw new DomainError('internal', 'a payload digest is too long');
  body[at] = digest.length;
  body.set(digest, at + 1);
  return at + 1 + digest.length;
}

function readDigest(fields: FieldReader): Uint8Array {
  const length = fields.uint8();
  if (length > MAX_PAYLOAD_DIGEST_BYTES) throw malformed();
  return fields.bytes(length);
}
